/** What the project itself has to hold: the core, the network and consent, in short. */
import { numberedRows, type Row, type RowFacts, type RowSection } from "./row.ts";

const MEDIA = { planned: "comes with capture" } as const;

function rows(prefix: string, entries: readonly (string | readonly [string, RowFacts])[]): readonly Row[] {
  return numberedRows(prefix, entries);
}

/** CORE-01 and CORE-02, NET-01 to NET-29, CON-01 to CON-23. */
export const REQUIREMENT_ROWS: RowSection = {
  name: "Requirements",
  text: "what the specifications' security and privacy texts ask for, and what holding it takes",
  rows: [
    ...rows("CORE", [
      "Every option that matters for security is an own property; a polluted prototype changes no decision",
      "Nothing received is run or imported",
    ]),
    ...rows("NET", [
      "`openTCPSocket` and `openUDPSocket` on `navigator` and as exports",
      "Without `remoteAddress` the operator names the host",
      "Streams with real backpressure both ways; `readable` is a byte stream",
      "Closing, half-closing, resets and aborts have documented results",
      "`noDelay` and `keepAlive` reach the socket",
      "TLS on open and by upgrade; what the program chose of its terms is part of what is approved",
      "UDP: only the approved peer is heard; `send` settles when the system has it",
      "No packet before approval, no look-up either",
      "The question names who, where, port and protocol, what others learn, and how long a yes holds",
      "Attempts are limited for a requester, a destination and an account",
      "An act of the operator precedes a question",
      "TCP to port 443 is refused where `fetch()` would do, with advice to use it",
      "Workers, libraries and other contexts are refused unless delegated to",
      "A name that leads to any address that is not public is refused whole",
      "A managed policy can forbid and limit, and wins",
      "Code that others can change gets `SecurityError`",
      "Every refusal is one error; the reason goes to the operator",
      "What is not TLS from its first byte is called not encrypted",
      "Remembered destinations can be listed and cleared",
      "Private mode writes nothing that names anybody, and offers no always",
      ["Every use case of the explainer has an example tried against a real server", { elsewhere: "tests/peers" }],
      "Servers behind a permission of their own; a wildcard says what it means",
      "TLS sessions are never resumed, and every handshake is checked",
      "One canonical host is shown, stored, looked up and verified",
      "A grant can require TLS; a missing offer of an upgrade fails",
      "A connection through a proxy is two approved destinations",
      "Each destination of a bound UDP socket is a decision; those that have not answered get little",
      "`udp-peers`: any public peer, asked with its risk named",
      "Without DNS a remembered literal or `.local` destination opens and reconnects",
    ]),
    ...rows("CON", [
      "Nothing is opened without the operator's consent, for each origin",
      "The question names the requester, and how sure that is",
      "Consent to a device is none to the network, and the other way round",
      "Three scopes: this once, remembered, for a given peer",
      "A grant can be bound to the peer's key; a changed key is no question",
      ["Display capture: always individual", MEDIA],
      "Live uses are shown: in the program's own terminal, best effort (where it cannot draw, with the wall)",
      "Consent for one use ends with it",
      "Nothing is remembered for an insecure origin",
      "Questions resist being clicked through",
      "Everything that is printed passes one escaper",
      "Without a terminal nothing is granted but by a rule",
      "`permissions.query()` tells nothing that the program does not know; `revoke` ends uses",
      "Consent lasts until the process ends unless the operator chose otherwise",
      "Authority comes from launch flags, files of the operator's, and the terminal only",
      "Test doubles never meet the real broker",
      "All refusals are decided before all approvals",
      "A remembered answer is bound to the code it was given for",
      "A grant is checked where it is used, and cannot be copied",
      "Parley's own sockets and directories are nobody else's",
      "Files that decide are opened safely; one that is not valid allows nothing",
      "The audit log is chained, bounded, and can be required",
      "Consent ends with its terminal, with time and with disuse; wildcards come from files only",
    ]),
  ],
};
