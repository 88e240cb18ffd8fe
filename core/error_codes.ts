/**
 * The closed table of codes that a {@linkcode ParleyError} can carry.
 *
 * `docs/errors.md` is generated from it (`deno task gen`), so a row says everything a reader of that page needs.
 * A code is `AREA_REASON`. Adding a failure means adding a row here first.
 */

/** One row of the error table. */
export interface ErrorCodeRow {
  /** What happened, in one sentence. */
  readonly meaning: string;
  /** What the person at the terminal or the author of the script can do about it. */
  readonly remedy: string;
  /** Exit status of the `parley` command when this is what ended it (see `docs/cli.md`). */
  readonly exit: number;
}

const NETWORK = 69;
const TLS = 76;
const DENIED = 77;
const USAGE = 64;
const DATA = 65;
const CONFIG = 78;
const INTERNAL = 70;
const PIPE = 141;

function row(exit: number, meaning: string, remedy: string): ErrorCodeRow {
  return Object.freeze({ __proto__: null, exit, meaning, remedy }) as ErrorCodeRow;
}

/** A code that a {@linkcode ParleyError} can carry. */
export type ErrorCode =
  | "ARG_INVALID"
  | "DEST_SYNTAX"
  | "DEST_HOST"
  | "PERM_DENIED"
  | "PERM_NO_TERMINAL"
  | "PERM_PROMPT_ABORTED"
  | "PERM_REVOKED"
  | "PERM_SPENT"
  | "PERM_ADDRESS"
  | "PERM_CONTEXT"
  | "PERM_INSECURE"
  | "PERM_FETCH"
  | "NET_DNS"
  | "NET_REFUSED"
  | "NET_UNREACHABLE"
  | "NET_TIMEOUT"
  | "NET_RESET"
  | "NET_CLOSED"
  | "NET_ABORTED"
  | "NET_OS_DENIED"
  | "NET_IN_USE"
  | "NET_MESSAGE_SIZE"
  | "NET_PROXY"
  | "NET_LIMIT"
  | "NET_FAILED"
  | "TLS_UNTRUSTED"
  | "TLS_NAME"
  | "TLS_EXPIRED"
  | "TLS_PIN"
  | "TLS_HANDSHAKE"
  | "TLS_LEFTOVER"
  | "TLS_REQUIRED"
  | "TLS_NOT_OFFERED"
  | "TLS_OPTIONS"
  | "TTY_UNAVAILABLE"
  | "DATA_TOO_LARGE"
  | "DATA_TRUNCATED"
  | "OUT_CLOSED"
  | "CONFIG_INVALID"
  | "RUNTIME_UNSUPPORTED"
  | "INTERNAL_INVARIANT";

/** Every code, with its meaning, what can be done, and the exit status of the command. */
export const ERROR_CODES: Readonly<Record<ErrorCode, ErrorCodeRow>> = Object.freeze({
  __proto__: null as never,
  ARG_INVALID: row(
    USAGE,
    "An option or argument has a value that can never work.",
    "Correct the value named in the message.",
  ),
  DEST_SYNTAX: row(
    USAGE,
    "A destination is not of the form [tcp|udp|tls|listen|listen+udp|udp-peers|multicast://]host:port or [listen+]unix:///path.",
    "Write it as host:port, with brackets around an IPv6 address: [2001:db8::1]:25.",
  ),
  DEST_HOST: row(
    USAGE,
    "A host name or address is not one that Parley connects to.",
    "Use a full domain name, localhost, or a plain IPv4 or IPv6 address; numeric tricks such as 127.1 are refused.",
  ),
  PERM_DENIED: row(
    DENIED,
    "The operator, a rule or a policy refused the request.",
    "Approve it when asked, or start the program with PARLEY_ALLOW naming the destination.",
  ),
  PERM_NO_TERMINAL: row(
    DENIED,
    "There is no terminal to ask at, and no rule that allows the request.",
    "Start the program with PARLEY_ALLOW naming the destination, or at a terminal.",
  ),
  PERM_PROMPT_ABORTED: row(
    DENIED,
    "The question was withdrawn before it was answered (interrupt, hang-up, timeout or abort signal).",
    "Try again and answer the question.",
  ),
  PERM_REVOKED: row(DENIED, "The permission was taken back, or it expired, while it was in use.", "Ask for it again."),
  PERM_SPENT: row(
    DENIED,
    "A permission for one use was used a second time, or for something else than it was given for.",
    "Ask for each connection separately.",
  ),
  PERM_ADDRESS: row(
    DENIED,
    "The name points to an address that is not public, so the whole answer was refused.",
    "Give the address itself if a device on your own network is meant.",
  ),
  PERM_CONTEXT: row(
    DENIED,
    "The code that asks may not ask: it runs in a Worker, or Parley was loaded twice.",
    "Ask from the main program, and load one copy of Parley.",
  ),
  PERM_FETCH: row(
    DENIED,
    "The host can be reached with fetch(), or did not say over HTTPS that it cannot.",
    'Use fetch(); for a server of another kind, an operator\'s rule with "fetchCheck": "skip" lets it through.',
  ),
  PERM_INSECURE: row(
    DENIED,
    "Some of the program's code came from somewhere that others can change: plain http, standard input, or a file that another user can write.",
    "Run the program from a file that only you can write, or from https, jsr or npm.",
  ),
  NET_DNS: row(NETWORK, "The host name could not be looked up.", "Check the spelling and the name server."),
  NET_REFUSED: row(
    NETWORK,
    "Nothing listens at that address and port, or a firewall rejected the attempt.",
    "Check the port, and that the service runs.",
  ),
  NET_UNREACHABLE: row(NETWORK, "No route leads to the address.", "Check the network connection."),
  NET_TIMEOUT: row(NETWORK, "The other side did not answer in time.", "Try again, or raise the timeout."),
  NET_RESET: row(
    NETWORK,
    "The other side broke the connection off.",
    "Reconnect; look at the other side's log if it happens again.",
  ),
  NET_CLOSED: row(NETWORK, "The connection is already closed.", "Open a new one."),
  NET_ABORTED: row(NETWORK, "The operation was aborted by its signal.", "None needed."),
  NET_OS_DENIED: row(
    DENIED,
    "The operating system or the runtime refused network access.",
    "On Deno, start with --allow-net=HOST:PORT.",
  ),
  NET_IN_USE: row(
    NETWORK,
    "The local address and port are in use already, or are not of this machine.",
    "Choose another port (0 for any), or end the program that has it.",
  ),
  NET_MESSAGE_SIZE: row(
    NETWORK,
    "A datagram is larger than the network takes.",
    "Send at most 65,507 bytes at once; over networks at most about 1,200.",
  ),
  NET_LIMIT: row(
    NETWORK,
    "A limit on datagrams, peers or groups was reached.",
    "Wait as long as the detail says, or send less; limits keep a program from flooding others.",
  ),
  NET_PROXY: row(
    NETWORK,
    "The proxy refused the connection, or did not speak its protocol.",
    "See the message for the proxy's reason; check its address, credentials and rules.",
  ),
  NET_FAILED: row(NETWORK, "The network operation failed for another reason, given in the cause.", "See the cause."),
  TLS_UNTRUSTED: row(
    TLS,
    "The certificate is not signed by an authority that is trusted here.",
    "Give the authority's certificate with the ca option (--ca FILE).",
  ),
  TLS_NAME: row(
    TLS,
    "The certificate is for another name than the one asked for.",
    "Connect by the name in the certificate, or correct the server's certificate.",
  ),
  TLS_EXPIRED: row(
    TLS,
    "The certificate is not valid at this time.",
    "Check the clock, or renew the server's certificate.",
  ),
  TLS_PIN: row(
    TLS,
    "The other side has another key than the one that is pinned, or that the destination names.",
    "Ask the server's owner whether the key was changed. If so: parley pins replace HOST:PORT. If not, someone may be in between.",
  ),
  TLS_HANDSHAKE: row(
    TLS,
    "The TLS handshake failed.",
    "Check that the port speaks TLS, and the versions and protocols both sides offer.",
  ),
  TLS_LEFTOVER: row(
    TLS,
    "Plaintext had already arrived when TLS was to begin, so the upgrade was refused.",
    "Read the server's whole answer before the upgrade; if more follows it, someone may be tampering.",
  ),
  TLS_REQUIRED: row(
    TLS,
    "The permission requires TLS, and the connection was not upgraded in time or sent too much before it.",
    "Call startTls() before sending data.",
  ),
  TLS_NOT_OFFERED: row(
    TLS,
    "The server did not offer the upgrade to TLS.",
    "Do not go on in plaintext: someone may have stripped the offer. Ask the server's owner.",
  ),
  TLS_OPTIONS: row(
    USAGE,
    "A certificate, key or protocol list given for TLS cannot be used.",
    "Give PEM text; the message names the option.",
  ),
  TTY_UNAVAILABLE: row(
    DENIED,
    "The terminal cannot be opened or is no longer there.",
    "Run at a terminal, or approve in advance.",
  ),
  DATA_TOO_LARGE: row(DATA, "Input is larger than the limit for it.", "Send less at once."),
  DATA_TRUNCATED: row(DATA, "Input ended before all of it was there.", "Send the whole of it."),
  OUT_CLOSED: row(PIPE, "Whoever read the output of the command has gone.", "None needed."),
  CONFIG_INVALID: row(CONFIG, "A setting given at launch is not valid.", "Correct the setting named in the message."),
  RUNTIME_UNSUPPORTED: row(
    CONFIG,
    "This runtime or system lacks what the feature needs.",
    "Use Deno 2.9, Bun 1.4 or Node 24, or later.",
  ),
  INTERNAL_INVARIANT: row(
    INTERNAL,
    "Parley found itself in a state that must not occur.",
    "Report it as a bug with the message.",
  ),
});
