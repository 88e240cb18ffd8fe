/** What the Direct Sockets draft of 24 February 2026 with pull request 84 asks for. */
import { numberedRows, type RowSection } from "./row.ts";

const UNTOLD = {
  deviates: "what a lookup finds out about a name is NotAllowedError, 5 s after the approval: a program is not told " +
    "whether a name exists or leads into the operator's network",
} as const;

/** DS-01 to DS-64. */
export const DIRECT_SOCKETS_ROWS: RowSection = {
  name: "Direct Sockets",
  text: "[draft of 24 February 2026](https://wicg.github.io/direct-sockets/) with " +
    "[pull request 84](https://github.com/WICG/direct-sockets/pull/84)",
  rows: numberedRows("DS", [
    ["Four interfaces with the surface that Web IDL gives them; `MulticastController` cannot be constructed", {
      deviates: "the classes are exports of a module; nothing is put on `globalThis`, where any code would find it",
    }],
    ["Too few arguments are a TypeError; options may be left out", {
      deviates: "an option counts that is the object's own or its class's, not one that stands on `Object.prototype`",
    }],
    "`remotePort` of `TCPSocket` is taken modulo 65536; other numbers are refused when out of range",
    "`dnsQueryType` is `ipv4` or `ipv6`",
    ["`noDelay` is off unless asked for; `keepAliveDelay` is at least 1000 ms, and absent means off", {
      deviates: { deno: "keep-alive is turned on with the system's own delay: Deno has no way to set it" },
    }],
    ["Buffer sizes of 0 are a TypeError; other sizes are a request", {
      deviates:
        "checked and not applied for TCP: no runtime can set them. UDP applies them, but for Deno, which ignores them",
    }],
    ["Without the policy `direct-sockets` the constructor throws NotAllowedError", {
      deviates: "the operator decides, later: `opened` and `closed` reject with NotAllowedError",
    }],
    "Wrong options are thrown at once; what is wrong with address, permission and network rejects the promises",
    "UDP: `remoteAddress` and `remotePort` come together, and mean connected mode",
    "UDP: `localPort` needs `localAddress`, and is not 0",
    "UDP: `localAddress` is an IP address, excludes a remote one, and means bound mode",
    "UDP: one mode is needed; `dnsQueryType` has no place in bound mode",
    "UDP: `ipv6Only` goes with the unspecified IPv6 address in bound mode only",
    "UDP: multicast options need their permission; `multicastTimeToLive` is an octet",
    [
      "Server: the address is an IP address; port and backlog are not 0; `ipv6Only` needs the unspecified IPv6 address",
      {
        deviates: { deno: "`ipv6Only` rejects with NotSupportedError: Deno's servers at `::` take IPv4, too" },
      },
    ],
    "`opened` and `closed` are the same promises on every read",
    "TCP: `opened` gives both streams, and address and port of both ends",
    ["TCP: a connection that cannot be made rejects both promises with NetworkError", UNTOLD],
    "TCP: a name that leads to a private or loopback address rejects both promises with NotAllowedError",
    ["UDP: bound mode needs the permission for local networks, and a port from 1024", {
      deviates: "no port is refused as such: the operator, or a rule, decides about the very port",
    }],
    ["Server: a chosen port lies in the high range", {
      deviates: "no port is refused as such: the operator, or a rule, decides about the very port",
    }],
    ["`dnsQueryType` limits the lookup; no address of the kind is a NetworkError", UNTOLD],
    "A rejection that nobody observes is no unhandled rejection",
    "TCP: `readable` is a byte stream; a read with a buffer fills at most that",
    "TCP: the far end's FIN closes `readable` after all data; `writable` and `closed` go on",
    ["TCP: a reset or an error of the system rejects pending and later reads with NetworkError", {
      deviates:
        "a failed read ends `writable` and `closed` at once, too: the connection is gone, and a write would say so",
    }],
    "TCP: cancelling `readable` leaves `writable` open; `closed` resolves when that ends",
    "TCP: a reader that does not read makes the far end wait",
    "TCP: the system is read when the script reads; the size of its buffer is what is asked for",
    "TCP: a chunk that is no BufferSource is a TypeError, and ends `writable`",
    "TCP: what is sent is what stood in the chunk when it was written",
    "TCP: a write settles when the system has taken the chunk, one after another",
    "TCP: closing `writable` flushes and sends FIN; `readable` goes on",
    "TCP: aborting `writable` drops what waits and rejects with the reason; `readable` goes on",
    "TCP: a write that fails is a NetworkError, and ends `writable`",
    ["TCP: `closed` settles when both directions have ended, with the error of the one that broke", {
      deviates: "after `abort()` without a reason it rejects with AbortError, where the text has undefined",
    }],
    "TCP: what was written before a close arrives, whatever its size",
    "`close()` before the socket is open is an InvalidStateError, and the opening goes on",
    "`close()` after a failed opening is an InvalidStateError",
    "`close()` while a stream is locked is an InvalidStateError, and closes nothing",
    ["`close()` ends both directions and returns `closed` itself, again and again", {
      deviates:
        "`closed` resolves, as the text's prose has it, where its steps reject it with undefined; later writes " +
        "reject with AbortError",
    }],
    "A socket can be neither cloned nor transferred",
    "UDP, connected: datagrams of others are not delivered; messages have `data` alone",
    "UDP, bound: messages have `data`, `remoteAddress` and `remotePort`",
    "UDP: a message says where it goes in bound mode only, and has `data`",
    ["UDP, bound: a message may name a host; a lookup that fails rejects the write", UNTOLD],
    "UDP: a datagram that is too large is a NetworkError; an empty one is sent",
    "UDP: an ICMP message does not end the socket",
    "UDP: what `opened` gives in each mode",
    "UDP: `readable` is a stream of messages with a Uint8Array each",
    "UDP: `ipv6Only` leaves the IPv4 port to others",
    "Multicast: a group is a multicast address; what is wrong with it is a rejection",
    "Multicast: a source is a unicast address of the same family",
    "Multicast: joining twice or after the end is an InvalidStateError; a failure is a NetworkError",
    "Multicast: any-source and source-specific membership of one group do not mix",
    "Multicast: leaving what is not joined is an InvalidStateError",
    "Multicast: `joinedGroups` is frozen, in the order of joining, and empty after the end",
    "Multicast: two sockets share a port where both ask for it, and not otherwise",
    ["Multicast: without loopback nothing comes back; a time to live of 0 stays on the host", {
      deviates: {
        deno: "a time to live of 0 rejects with NotSupportedError: Deno cannot set it",
        bun: "a time to live of 0 rejects with NotSupportedError: Bun cannot set it",
      },
    }],
    "Server: what `opened` gives; accepted sockets are open",
    "Server: `close()` ends listening; accepted sockets go on; a port in use is a NetworkError",
    "Server: connections are accepted as they are read; others wait in the backlog",
    ["Nothing is allowed by default, and sockets end with their context", {
      deviates: "the operator's approval of the very destination stands in for the policies `direct-sockets`, " +
        "`local-network`, `loopback-network` and `direct-sockets-multicast`",
    }],
    "Nothing is remembered in private browsing",
  ]),
};
