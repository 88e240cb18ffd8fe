/** A module that is not the program: what it opens, it opens for the program that imports it. */
import type { NavigatorRawSockets, TCPSocket, TCPSocketOptions } from "../../net/faces/raw_sockets/mod.ts";

/** Opens a socket with the navigator that it is given. */
export function openForMe(navigator: NavigatorRawSockets, options: TCPSocketOptions): Promise<TCPSocket> {
  return navigator.openTCPSocket(options);
}
