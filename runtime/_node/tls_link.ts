/**
 * What both sides of TLS by `node:tls` need over a byte link: the stream below, and the link above, which tells a
 * close_notify from a connection that was cut off.
 */
import { setImmediate } from "node:timers";
import type { TLSSocket } from "node:tls";
import { ParleyError } from "../../core/errors.ts";
import type { ByteLink } from "../../net/port.ts";
import { LinkDuplex } from "./duplex_over_link.ts";
import { closedError, nativeCode } from "./errors.ts";
import { StreamLink } from "./tcp_link.ts";

type Done = (error?: Error | null) => void;

/**
 * A stream below TLS that knows whether the TLS stack has sent anything. If not, it ends a turn later: Deno gives up a
 * handshake without a word to the other side, and tells us only then.
 */
class TlsDuplex extends LinkDuplex {
  written = false;

  override _write(chunk: Uint8Array, encoding: string, done: Done): void {
    this.written = true;
    super._write(chunk, encoding, done);
  }

  override _final(done: Done): void {
    if (this.written) super._final(done);
    else setImmediate(() => super._final(done));
  }

  override _destroy(error: Error | null, done: Done): void {
    if (this.written) super._destroy(error, done);
    else setImmediate(() => super._destroy(error, done));
  }
}

/** A byte link with TLS over it. */
export class TlsCarrier {
  /** The stream for the TLS stack to run on. */
  readonly duplex: TlsDuplex;
  readonly #link: ByteLink;
  /** Whether the far end said that it will send no more, before the stream below ended. */
  #closeNotified = false;
  #cutOff = false;

  /** @param link The link below; nobody else may use it any more. */
  constructor(link: ByteLink) {
    this.#link = link;
    this.duplex = new TlsDuplex(link);
    // First in line for the end: what the TLS stack does with it must not be taken for a close_notify.
    this.duplex.on("end", () => void (this.#cutOff = !this.#closeNotified));
    this.duplex.on("error", ignore);
  }

  /** Whether the TLS stack has sent anything. */
  get written(): boolean {
    return this.duplex.written;
  }

  /** To be called before the stack gives the socket anything to read. */
  adopt(socket: TLSSocket): void {
    hardenEvents(socket);
    socket.on("error", ignore);
    watchEnd(socket, () => void (this.#closeNotified = true));
  }

  /**
   * The link that carries the program's bytes.
   *
   * @param socket The socket, after its handshake.
   * @param translate Turns the runtime's errors into Parley's.
   */
  linkOver(socket: TLSSocket, translate: (error: unknown, doing: string) => ParleyError): StreamLink {
    const { duplex } = this;
    const below = this.#link;
    return new StreamLink(socket, {
      remote: below.remote,
      local: below.local,
      // Bun's TLS ends both directions at the far end's close_notify, and gives up what was still to be written.
      translate: (error, doing) => nativeCode(error) === "ECANCELED" ? closedError(doing) : translate(error, doing),
      abort: () => {
        below.reset();
        socket.destroy();
      },
      source: { pause: () => duplex.hold(), resume: () => duplex.release() },
      flushed: () => duplex.flushed(),
      // Deno sends close_notify only; a second closeWrite does nothing on the others.
      afterEnd: () => below.closeWrite(),
      endFailure: () => this.#cutOff ? cutOff() : null,
      onClose: () => below.close(),
    });
  }
}

/**
 * On Deno and Bun listeners are kept in an object that inherits: a `session` on Object.prototype would be one (CORE-01).
 *
 * @param emitter An emitter of the `node:` modules.
 */
export function hardenEvents(emitter: object): void {
  Object.setPrototypeOf((emitter as { readonly _events: object })._events, null);
}

/**
 * Tells when the TLS stack ends the readable side. Its event comes only after everything was read, which is too late to tell a
 * close_notify from a connection cut off.
 */
function watchEnd(socket: TLSSocket, ended: () => void): void {
  const push = socket.push;
  socket.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
    if (chunk === null) ended();
    return push.call(socket, chunk, encoding);
  };
}

function cutOff(): ParleyError {
  return new ParleyError("NET_RESET", "Cannot read: the TLS connection was cut off without close_notify");
}

function ignore(): void {}
