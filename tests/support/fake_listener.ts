/** A listener whose clients, failures and handshakes a test makes by hand, and a network that gives it out. */
import { abortError, onAbort } from "../../core/abort.ts";
import { ParleyError } from "../../core/errors.ts";
import type { IpAddress } from "../../core/ip_address.ts";
import type { ByteLink, NetGaps, SocketAddress } from "../../net/port.ts";
import type { LinkListener, ListenOptions, TlsIdentity, TlsServed } from "../../net/server_port.ts";
import type { Grant } from "../../permissions/grant.ts";
import { linkPair, type MemoryLink } from "../../runtime/memory/memory_link.ts";
import { MemoryNetwork } from "../../runtime/memory/net.ts";

/** A listener in a test's hands. */
export class FakeListener implements LinkListener {
  /** Where it claims to listen. */
  readonly local: SocketAddress;
  /** What the test says was lost. */
  overflowed = 0;
  /** Calls of `accept` so far. */
  accepts = 0;
  /** Whether it was closed. */
  closed = false;
  /** Waiting connections, or failures. */
  readonly backlog: (ByteLink | ParleyError)[] = [];
  #waiter: PromiseWithResolvers<ByteLink | null> | null = null;
  #ports = 50_000;

  /** @param local Where it claims to listen. */
  constructor(local: SocketAddress = { address: "127.0.0.1", port: 8080 }) {
    this.local = local;
  }

  /** A client connects; its end is returned. */
  connect(address = "127.0.0.1"): MemoryLink {
    const { client, server } = linkPair({ client: { address, port: this.#ports++ }, server: this.local });
    this.#arrive(server);
    return client;
  }

  /** The system refuses to hand over the next connection. */
  fail(error: ParleyError): void {
    this.#arrive(error);
  }

  /** The next connection; see {@linkcode LinkListener.accept}. */
  async accept(): Promise<ByteLink | null> {
    this.accepts++;
    const next = this.backlog.shift();
    if (next instanceof ParleyError) throw next;
    if (next !== undefined) return next;
    if (this.closed) return null;
    this.#waiter = Promise.withResolvers<ByteLink | null>();
    return await this.#waiter.promise;
  }

  /** Breaks off what waits. */
  close(): void {
    this.closed = true;
    for (const waiting of this.backlog.splice(0)) if (!(waiting instanceof ParleyError)) waiting.reset();
    this.#waiter?.resolve(null);
  }

  #arrive(next: ByteLink | ParleyError): void {
    const waiter = this.#waiter;
    this.#waiter = null;
    if (waiter === null) this.backlog.push(next);
    else if (next instanceof ParleyError) waiter.reject(next);
    else waiter.resolve(next);
  }
}

/** A handshake that the test decides. */
export interface PendingHandshake {
  /** The connection. */
  readonly link: ByteLink;
  /** What the server shows. */
  readonly identity: TlsIdentity;
  /** Completes it. */
  succeed(served?: Partial<TlsServed>): void;
  /** Fails it. */
  fail(error: ParleyError): void;
}

/** A network whose listener and handshakes are in a test's hands. */
export class FakeServerNetwork extends MemoryNetwork {
  override readonly gaps: NetGaps;
  /** The listener it gives out. */
  readonly listener: FakeListener;
  /** What was asked of it. */
  readonly listened: { readonly at: SocketAddress; readonly options: ListenOptions }[] = [];
  /** Handshakes under way, those that were tried out before included. */
  readonly handshakes: PendingHandshake[] = [];
  /** Fails every handshake at once; null for none. */
  refuseIdentity: ParleyError | null = null;
  /** Fails the next `listenTcp`; null for none. */
  refuseListen: ParleyError | null = null;

  /** @param options Where the listener claims to be, and what the network lacks. */
  constructor(options: { readonly local?: SocketAddress; readonly gaps?: Partial<NetGaps> } = {}) {
    super();
    this.listener = new FakeListener(options.local);
    this.gaps = { ...new MemoryNetwork().gaps, ...options.gaps };
  }

  override listenTcp(
    _grant: Grant,
    at: { readonly address: IpAddress; readonly port: number },
    options: ListenOptions,
  ): Promise<LinkListener> {
    if (this.refuseListen !== null) return Promise.reject(this.refuseListen);
    this.listened.push({ at: { address: at.address.text, port: at.port }, options });
    return Promise.resolve(this.listener);
  }

  override serveTls(
    _grant: Grant,
    link: ByteLink,
    how: { readonly identity: TlsIdentity; readonly signal: AbortSignal },
  ): Promise<TlsServed> {
    if (this.refuseIdentity !== null) return Promise.reject(this.refuseIdentity);
    if (how.signal.aborted) return Promise.reject(abortError(how.signal.reason));
    const { promise, resolve, reject } = Promise.withResolvers<TlsServed>();
    onAbort(how.signal, () => reject(abortError(how.signal.reason)));
    const plain = { link, serverName: null, alpnProtocol: null, protocol: "TLSv1.3", chain: [] };
    this.handshakes.push({
      link,
      identity: how.identity,
      succeed: (served) => resolve({ ...plain, ...served }),
      fail: reject,
    });
    // A client that has gone before it said a word: the trial of a certificate.
    if (link.remote.port === 1) reject(new ParleyError("TLS_HANDSHAKE", "Cannot complete the TLS handshake: it ended"));
    return promise;
  }
}
