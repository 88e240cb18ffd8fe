/**
 * The TLS handshakes of a server, side by side, so that a client that stalls holds up nobody: they are bounded in number
 * and in time, and when all places are taken the oldest gives way to a client that waits.
 */
import { abortError } from "../../../core/abort.ts";
import { ParleyError } from "../../../core/errors.ts";
import type { Grant } from "../../../permissions/grant.ts";
import type { ByteLink } from "../../port.ts";
import type { TlsIdentity } from "../../server_port.ts";
import type { EngineHost } from "../engine_host.ts";
import { type SecuredLink, serveLink } from "../tls_handshake.ts";

/** Handshakes that may be under way at the same time. */
export const MAX_HANDSHAKES: number = 64;
/** Milliseconds after which a handshake gives way when all places are taken. */
export const HANDSHAKE_PATIENCE_MS: number = 1000;

/** How handshakes are made. */
export interface HandshakeOptions {
  /** The server's certificate, and what it asks of clients. */
  readonly identity: TlsIdentity;
  /** Milliseconds that one may take. */
  readonly timeoutMs: number;
}

interface Running {
  readonly startedMs: number;
  readonly stop: AbortController;
}

/** Makes the server's side of handshakes. */
export class Handshakes {
  readonly #host: EngineHost;
  readonly #grant: Grant;
  readonly #options: HandshakeOptions;
  /** Oldest first. */
  readonly #running = new Set<Running>();
  #waiters: (() => void)[] = [];
  #stopped: ParleyError | null = null;

  /**
   * @param host Network and time.
   * @param grant The server's approval.
   * @param options How they are made.
   */
  constructor(host: EngineHost, grant: Grant, options: HandshakeOptions) {
    this.#host = host;
    this.#grant = grant;
    this.#options = options;
  }

  /** How many are under way. */
  get running(): number {
    return this.#running.size;
  }

  /**
   * Waits for a place. When all are taken and the oldest handshake has had its second, that one is ended. Call it once there
   * is a client that wants the place.
   */
  async place(): Promise<void> {
    while (this.#running.size >= MAX_HANDSHAKES && this.#stopped === null) {
      const [oldest] = this.#running;
      const leftMs = (oldest?.startedMs ?? 0) + HANDSHAKE_PATIENCE_MS - this.#host.clock.monotonicMs();
      if (leftMs > 0) await this.#changeWithin(leftMs);
      else if (oldest !== undefined) this.#end(oldest, tooSlow("others wait, and it had its time"));
    }
  }

  /**
   * Makes one handshake.
   *
   * @param link The connection; closed when it fails.
   * @throws {ParleyError} with a `TLS_` or `NET_` code.
   */
  async run(link: ByteLink): Promise<SecuredLink> {
    const { clock, net } = this.#host;
    const { identity, timeoutMs } = this.#options;
    const running: Running = { startedMs: clock.monotonicMs(), stop: new AbortController() };
    const { signal } = running.stop;
    if (this.#stopped !== null) running.stop.abort(this.#stopped);
    this.#running.add(running);
    const timer = clock.after(timeoutMs, () => this.#end(running, tooSlow(`it took over ${timeoutMs} ms`)));
    try {
      return await serveLink(net, this.#grant, { link, identity, signal });
    } catch (error) {
      throw signal.aborted ? abortError(signal.reason) : error;
    } finally {
      timer.cancel();
      this.#running.delete(running);
      this.#wake();
    }
  }

  /** Ends all, and all that come. */
  stop(error: ParleyError): void {
    this.#stopped = error;
    for (const running of [...this.#running]) this.#end(running, error);
    this.#wake();
  }

  #end(running: Running, error: ParleyError): void {
    this.#running.delete(running);
    running.stop.abort(error);
    this.#wake();
  }

  #changeWithin(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#host.clock.after(delayMs, resolve);
      this.#waiters.push(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter();
  }
}

function tooSlow(state: string): ParleyError {
  return new ParleyError("NET_TIMEOUT", `Cannot complete the TLS handshake: ${state}`);
}
