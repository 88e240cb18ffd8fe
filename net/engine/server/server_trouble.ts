/** What a server tells its operator about: what went wrong on its way to the program, which learns of it by numbers only. */
import type { SocketAddress } from "../../port.ts";

/** Something that kept a connection from the program. */
export type ServerTrouble =
  /** The system refused to hand over a connection; the server tries again. */
  | { readonly kind: "accept"; readonly error: unknown }
  /** A TLS handshake failed. */
  | { readonly kind: "handshake"; readonly remote: SocketAddress; readonly error: unknown }
  /** The source has as many connections as it may have. */
  | { readonly kind: "source-limit"; readonly remote: SocketAddress }
  /** The source is none of those that may connect. */
  | { readonly kind: "not-allowed"; readonly remote: SocketAddress };
