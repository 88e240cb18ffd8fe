/**
 * A TCP server as every face needs it: connections on demand, limits, TLS on accept, and an orderly end.
 *
 * Nothing is taken from the system that nobody asked for: who is not served yet waits in the backlog (DS-62). With TLS more
 * are taken than asked for as long as handshakes are under way, so that a client that stalls holds up nobody.
 */
import { abortError, onAbort } from "../../../core/abort.ts";
import { ParleyError } from "../../../core/errors.ts";
import type { Grant } from "../../../permissions/grant.ts";
import type { ByteLink, SocketAddress } from "../../port.ts";
import type { LinkListener } from "../../server_port.ts";
import type { EngineHost } from "../engine_host.ts";
import { PlaintextLimit } from "../plaintext_limit.ts";
import { TcpConnection } from "../tcp_connection.ts";
import type { LinkTimeouts } from "../timed_link.ts";
import type { TlsInfo } from "../tls_handshake.ts";
import { AcceptSource } from "./accept_source.ts";
import type { AcceptedConnection } from "./accepted_connection.ts";
import type { AcceptedLink } from "./accepted_link.ts";
import { Admission, type AdmissionLimits } from "./admission.ts";
import { type HandshakeOptions, Handshakes } from "./handshakes.ts";
import { ServerCounters, type ServerStats } from "./server_counters.ts";
import type { ServerTrouble } from "./server_trouble.ts";

/** How connections are served. */
export interface ServeOptions {
  /** Stops listening; connections that were handed out go on. */
  readonly signal: AbortSignal;
  /** TLS from the first byte; or null. */
  readonly tls: HandshakeOptions | null;
  /** Whether plaintext connections must be upgraded soon (NET-25). */
  readonly tlsRequired: boolean;
  /** How many connections, and from where. */
  readonly limits: AdmissionLimits;
  /** Limits of time for the program's bytes. */
  readonly timeouts: LinkTimeouts;
  /** Whether chunks are copied before they are sent. */
  readonly copyWrites: boolean;
  /** Translates failures into the errors of the face's specification. */
  toFaceError(error: unknown): unknown;
  /** Makes what is told of whatever keeps a connection from the program, for a server that listens there. */
  troubleReport(local: SocketAddress): (trouble: ServerTrouble) => void;
}

/** What a server is made of. */
export interface TcpServerInit {
  /** Network, time, and the list of what is open. */
  readonly host: EngineHost;
  /** The approval it listens with. */
  readonly grant: Grant;
  /** Where connections come from. */
  readonly listener: LinkListener;
  /** How they are served. */
  readonly options: ServeOptions;
}

/** What `drain` came to. */
export interface DrainResult {
  /** Connections that ended by themselves. */
  readonly finished: number;
  /** Connections that were broken off. */
  readonly brokenOff: number;
}

/** A listening server. Made by `listenTcp`. */
export class TcpServer {
  /** Settles when it listens no more: fulfilled after `close`, rejected with the face's error after a revocation or abort. */
  readonly closed: Promise<void>;
  readonly #init: TcpServerInit;
  readonly #source: AcceptSource;
  readonly #admission: Admission;
  readonly #handshakes: Handshakes | null;
  readonly #counters: ServerCounters;
  readonly #onTrouble: (trouble: ServerTrouble) => void;
  readonly #breakOff = new AbortController();
  /** Ends connections; one signal for all of them. */
  readonly #life: AbortSignal;
  readonly #stopListening: () => void;
  readonly #takeOut: () => void;
  readonly #settle: PromiseWithResolvers<void> = Promise.withResolvers();
  #waiters: PromiseWithResolvers<AcceptedConnection | null>[] = [];
  #ready: AcceptedConnection[] = [];
  #accepting = false;
  #ended: { readonly error: unknown } | null = null;

  /** @param init What it is made of. */
  constructor(init: TcpServerInit) {
    const { host, grant, listener, options } = init;
    this.#init = init;
    this.closed = this.#settle.promise;
    // Nobody has to look at `closed`.
    this.closed.catch(() => {});
    this.#counters = new ServerCounters(listener);
    this.#onTrouble = options.troubleReport(listener.local);
    this.#admission = new Admission(options.limits, { counters: this.#counters, onTrouble: this.#onTrouble });
    this.#handshakes = options.tls === null ? null : new Handshakes(host, grant, options.tls);
    this.#source = new AcceptSource(listener, { clock: host.clock, onFailure: (error) => this.#acceptFailed(error) });
    this.#life = AbortSignal.any([grant.signal, this.#breakOff.signal]);
    const entry = { kind: "listen", grant, local: listener.local, remote: null, counters: this.#counters } as const;
    this.#takeOut = host.inventory.add(entry, host.clock.nowMs());
    const stop = AbortSignal.any([options.signal, grant.signal]);
    const abort = (): void => this.#end({ error: abortError(stop.reason) });
    this.#stopListening = onAbort(stop, abort);
    if (stop.aborted) abort();
  }

  /** Where it listens, with the port that the system picked. */
  get local(): SocketAddress {
    return this.#init.listener.local;
  }

  /** The approval it listens with. */
  get grant(): Grant {
    return this.#init.grant;
  }

  /** What became of the connections so far. */
  get stats(): ServerStats {
    return this.#counters.snapshot({ open: this.#admission.open, handshaking: this.#handshakes?.running ?? 0 });
  }

  /**
   * The next connection.
   *
   * @returns Null once the server was closed.
   * @throws the face's error when the approval was taken back or the signal fired.
   */
  accept(): Promise<AcceptedConnection | null> {
    if (this.#ended !== null) {
      const { error } = this.#ended;
      return error === null ? Promise.resolve(null) : Promise.reject(this.#init.options.toFaceError(error));
    }
    const ready = this.#ready.shift();
    if (ready !== undefined) return Promise.resolve(this.#handOut(ready));
    const waiter = Promise.withResolvers<AcceptedConnection | null>();
    this.#waiters.push(waiter);
    if (!this.#accepting) void this.#accept();
    return waiter.promise;
  }

  /** Stops listening; connections that were handed out go on. Closing again does nothing. Returns the `closed` promise. */
  close(): Promise<void> {
    this.#end({ error: null });
    return this.closed;
  }

  /**
   * Stops listening, waits until all connections have ended, and breaks off those that have not.
   *
   * @param options Milliseconds to wait.
   */
  async drain({ timeoutMs }: { readonly timeoutMs: number }): Promise<DrainResult> {
    this.#end({ error: null });
    const open = this.#admission.open;
    if (open > 0 && timeoutMs > 0) await this.#emptyWithin(timeoutMs);
    const brokenOff = this.#admission.open;
    if (brokenOff > 0) {
      this.#breakOff.abort(new ParleyError("NET_ABORTED", "Cannot go on: the server was shut down"));
    }
    return Object.freeze({ finished: open - brokenOff, brokenOff });
  }

  /** Takes connections as long as somebody waits for one. Never rejects. */
  async #accept(): Promise<void> {
    this.#accepting = true;
    while (this.#wanted()) {
      if (this.#admission.full) {
        await this.#admission.change();
        continue;
      }
      const link = await this.#source.take();
      if (link === null) this.#end({ error: null });
      else if (this.#ended !== null) link.reset();
      else await this.#serve(link);
    }
    this.#accepting = false;
  }

  #wanted(): boolean {
    return this.#ended === null && this.#waiters.length > 0;
  }

  async #serve(accepted: ByteLink): Promise<void> {
    const link = this.#admission.admit(accepted);
    if (link === null) return;
    if (this.#handshakes === null) return this.#deliver(link, { link, tls: null });
    await this.#handshakes.place();
    void this.#secure(link, this.#handshakes);
  }

  /** Never rejects: nobody waits for it. */
  async #secure(link: AcceptedLink, handshakes: Handshakes): Promise<void> {
    try {
      const secured = await handshakes.run(link);
      this.#deliver(link, { link: secured.link, tls: secured.info });
    } catch (error) {
      if (this.#ended !== null) return;
      this.#counters.handshakeFailures++;
      this.#onTrouble({ kind: "handshake", remote: link.remote, error });
    }
  }

  #deliver(link: AcceptedLink, carrier: { readonly link: ByteLink; readonly tls: TlsInfo | null }): void {
    if (this.#ended !== null) return carrier.link.reset();
    const connection = this.#connect(carrier);
    const waiter = this.#waiters.shift();
    if (waiter === undefined) this.#ready.push({ connection, link });
    else waiter.resolve(this.#handOut({ connection, link }));
  }

  #connect({ link, tls }: { readonly link: ByteLink; readonly tls: TlsInfo | null }): TcpConnection {
    const { host, grant, options } = this.#init;
    const { timeouts, copyWrites, tlsRequired } = options;
    return new TcpConnection({
      link: tls === null && tlsRequired ? new PlaintextLimit(link, host.clock) : link,
      grant,
      host,
      tls,
      signal: this.#life,
      timeouts,
      copyWrites,
      toFaceError: (error) => options.toFaceError(error),
    });
  }

  #handOut(accepted: AcceptedConnection): AcceptedConnection {
    this.#counters.received++;
    return accepted;
  }

  #acceptFailed(error: unknown): void {
    this.#counters.acceptFailures++;
    this.#onTrouble({ kind: "accept", error });
  }

  async #emptyWithin(timeoutMs: number): Promise<void> {
    let late = false;
    const timer = this.#init.host.clock.after(timeoutMs, () => {
      late = true;
      this.#admission.wake();
    });
    while (this.#admission.open > 0 && !late && !this.#life.aborted) await this.#admission.change();
    timer.cancel();
  }

  #end(ended: { readonly error: unknown }): void {
    if (this.#ended !== null) return;
    this.#ended = ended;
    this.#stopListening();
    this.#takeOut();
    this.#source.close();
    const gone = new ParleyError("NET_CLOSED", "Cannot use the connection: the server was closed before it was taken");
    this.#handshakes?.stop(gone);
    for (const { connection } of this.#ready.splice(0)) connection.destroy(gone);
    this.#admission.wake();
    this.#settleAll(ended.error);
  }

  #settleAll(error: unknown): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    if (error === null) {
      this.#settle.resolve();
      for (const waiter of waiters) waiter.resolve(null);
      return;
    }
    const faceError = this.#init.options.toFaceError(error);
    this.#settle.reject(faceError);
    for (const waiter of waiters) waiter.reject(faceError);
  }
}
