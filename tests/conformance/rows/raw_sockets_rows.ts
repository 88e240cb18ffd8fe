/** What the Raw Sockets explainer, its interface definitions of 2021 and its security self-review ask for. */
import { numberedRows, type RowSection } from "./row.ts";

/** RS-01 to RS-26. */
export const RAW_SOCKETS_ROWS: RowSection = {
  name: "Raw Sockets",
  text: "[explainer](https://github.com/WICG/direct-sockets/blob/fc7d098/docs/explainer.md) and " +
    "[interface definitions of 2021](https://github.com/WICG/direct-sockets/pull/33), security and privacy self-review",
  rows: numberedRows("RS", [
    ["`navigator.openTCPSocket()` and `openUDPSocket()` take options and give promises", {
      deviates: "`navigator` is an export, not the runtime's; numbers out of range are refused instead of wrapped; " +
        "buffer sizes of TCP are refused, because no runtime can set them; options on `Object.prototype` do not count",
    }],
    "`keepAliveDelay` is in milliseconds, at least 1000, and needs `keepAlive`",
    "`TCPSocket` has both streams, the far end's address and port, and `close()`",
    "`UDPSocket` sends Blobs and is iterated for pairs of source and Blob",
    "Without `remoteAddress` the user is asked for it",
    "UDP: datagrams of other senders are dropped silently",
    "No listening, no multicast, no broadcast: such destinations are refused",
    ["`localAddress` and `localPort`: listed by the definitions, not provided for by the explainer", {
      deviates: "refused: a TypeError says that they have no effect",
    }],
    ["In secure contexts only, and absent where it cannot work", {
      deviates:
        "the functions are always there; what came over an insecure connection is refused, and a runtime that " +
        "cannot do it rejects with NotSupportedError",
    }],
    "The first connection shows address and port, lets the user choose and permit further ones; cancelling is NotAllowedError",
    "The port is shown as a number, and described in words where it is well known",
    ["A call needs a user's gesture, and uses it up", {
      deviates: "a terminal has no gestures: each call is a question of its own, and an answer serves that call only",
    }],
    "A reconnection to what was permitted needs no gesture",
    "Attempts to connect are limited in rate",
    "TCP to port 443 of a host that supports CORS is refused",
    "A name with any address that is not public is refused",
    "A raw address that the user enters may be private, and so may a name under `.local`",
    "Which addresses are not public",
    "The address that was judged is the one that is connected to, on an upgrade to TLS, too",
    ["Third parties have no access by default", {
      deviates:
        "code that the program imports acts for the program, whose name is asked about: within one process its " +
        "own would be a mere claim; Workers and second copies are refused",
    }],
    "An administrator's policy can restrict the API",
    ["No use where the content security policy allows `unsafe-eval`", {
      inapplicable: "a program here has no content security policy; the runtimes have switches of their own",
    }],
    "TLS can be asked for on opening, and a connection upgraded to it",
    "Destinations are remembered at the user's direction only, and not in private mode",
    "A rejection tells little: refusals are one error, whatever the reason",
    ["The far end's address is disclosed only once it is connected; plaintext is named as such", {
      deviates:
        "an approved, public destination that fails is named by the address that was tried (NET-17): a program " +
        "has to be able to say what failed",
    }],
  ]),
};
