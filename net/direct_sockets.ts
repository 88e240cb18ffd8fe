/**
 * Direct Sockets for the main program: <https://wicg.github.io/direct-sockets/>. TCP clients and servers, UDP, multicast.
 *
 * @module
 */
import { ambientNetContext } from "./ambient.ts";
import {
  createDirectSockets,
  type DirectSockets,
  type MulticastController as MulticastControllerInstance,
  type MulticastControllerConstructor,
  type TCPServerSocket as TCPServerSocketInstance,
  type TCPServerSocketConstructor,
  type TCPSocket as TCPSocketInstance,
  type TCPSocketConstructor,
  type UDPSocket as UDPSocketInstance,
  type UDPSocketConstructor,
} from "./faces/direct_sockets/mod.ts";

export type {
  JoinedGroup,
  MulticastController as MulticastControllerInstance,
  MulticastControllerConstructor,
  MulticastGroupOptions,
  MulticastMembership,
  ReceivedUDPMessage,
  TCPServerSocket as TCPServerSocketInstance,
  TCPServerSocketConstructor,
  TCPServerSocketOpenInfo,
  TCPServerSocketOptions,
  TCPSocket as TCPSocketInstance,
  TCPSocketConstructor,
  TCPSocketOpenInfo,
  TCPSocketOptions,
  UDPMessage,
  UDPSocket as UDPSocketInstance,
  UDPSocketConstructor,
  UDPSocketOpenInfo,
  UDPSocketOptions,
} from "./faces/direct_sockets/mod.ts";
export type { DnsQueryType } from "./port.ts";

/** A TCP connection of the Direct Sockets draft. */
export type TCPSocket = TCPSocketInstance;
/** A datagram socket of the Direct Sockets draft. */
export type UDPSocket = UDPSocketInstance;
/** A listening socket of the Direct Sockets draft. */
export type TCPServerSocket = TCPServerSocketInstance;
/** What joins the groups of a bound datagram socket of the Direct Sockets draft. */
export type MulticastController = MulticastControllerInstance;

const sockets: DirectSockets = createDirectSockets(ambientNetContext);

/**
 * TCP client sockets. Constructing one asks the operator; nothing leaves before the answer.
 *
 * @example A line there and back
 * ```ts
 * import { TCPSocket } from "@parley/parley/direct-sockets";
 * import assert from "node:assert/strict";
 *
 * const socket = new TCPSocket("echo.example", 7);
 * const { readable, writable } = await socket.opened;
 * const writer = writable.getWriter();
 * await writer.write(new TextEncoder().encode("hello"));
 * await writer.close();
 * assert.equal(await new Response(readable).text(), "hello");
 * await socket.closed;
 * ```
 */
export const TCPSocket: TCPSocketConstructor = sockets.TCPSocket;

/**
 * UDP sockets: with one peer, or bound to an address of this machine. Constructing one asks the operator; a bound socket asks
 * again for each destination and group that is new to it.
 *
 * @example A sensor that reports, and the program that it reports to
 * ```ts
 * import { UDPSocket } from "@parley/parley/direct-sockets";
 * import assert from "node:assert/strict";
 *
 * const station = new UDPSocket({ localAddress: "127.0.0.1" });
 * const { readable, localPort } = await station.opened;
 * const sensor = new UDPSocket({ remoteAddress: "127.0.0.1", remotePort: localPort });
 * const { writable, localPort: sensorPort } = await sensor.opened;
 *
 * await writable.getWriter().write({ data: new TextEncoder().encode("21.5") });
 * const { value } = await readable.getReader().read();
 * assert.equal(new TextDecoder().decode(value?.data), "21.5");
 * assert.equal(value?.remoteAddress, "127.0.0.1");
 * assert.equal(value?.remotePort, sensorPort);
 * ```
 */
export const UDPSocket: UDPSocketConstructor = sockets.UDPSocket;

/**
 * TCP servers. Constructing one asks the operator; connections are taken as they are read.
 *
 * @example A server that greets
 * ```ts
 * import { TCPServerSocket, TCPSocket } from "@parley/parley/direct-sockets";
 * import assert from "node:assert/strict";
 *
 * const server = new TCPServerSocket("127.0.0.1");
 * const { readable: connections, localPort } = await server.opened;
 * const client = new TCPSocket("127.0.0.1", localPort);
 *
 * const { value: accepted } = await connections.getReader().read();
 * assert.ok(accepted instanceof TCPSocket);
 * const { writable } = await accepted.opened;
 * const writer = writable.getWriter();
 * await writer.write(new TextEncoder().encode("welcome"));
 * await writer.close();
 * assert.equal(await new Response((await client.opened).readable).text(), "welcome");
 * ```
 */
export const TCPServerSocket: TCPServerSocketConstructor = sockets.TCPServerSocket;

/**
 * What joins the groups of a bound `UDPSocket`. It cannot be constructed: `opened` of the socket gives one. Each group is a
 * question to the operator.
 *
 * @example Hearing what is sent to a group
 * ```ts
 * import { MulticastController, UDPSocket } from "@parley/parley/direct-sockets";
 * import assert from "node:assert/strict";
 *
 * const socket = new UDPSocket({ localAddress: "0.0.0.0", localPort: 7447, multicastAllowAddressSharing: true });
 * const { readable, writable, multicastController } = await socket.opened;
 * assert.ok(multicastController instanceof MulticastController);
 * await multicastController.joinGroup("239.255.0.1");
 * assert.deepEqual(multicastController.joinedGroups, ["239.255.0.1"]);
 *
 * // This machine hears what it sends, too.
 * const data = new TextEncoder().encode("who is there?");
 * await writable.getWriter().write({ data, remoteAddress: "239.255.0.1", remotePort: 7447 });
 * const { value } = await readable.getReader().read();
 * assert.equal(new TextDecoder().decode(value?.data), "who is there?");
 * ```
 */
export const MulticastController: MulticastControllerConstructor = sockets.MulticastController;
