/** `parley udp`: datagrams from standard input and to standard output, like `nc -u`, with consent. */
import { formatDestination } from "../../core/destination.ts";
import { ParleyError } from "../../core/errors.ts";
import { escapeText } from "../../core/escape.ts";
import { formatHostPort } from "../../core/ip_address.ts";
import { udpErrors } from "../../net/faces/servers/udp_errors.ts";
import { limitedReport } from "../../net/limited_report.ts";
import { autoHost } from "../../runtime/auto.ts";
import type { Command, Invocation } from "../command.ts";
import { CONSENT_HELP, CONSENT_OPTIONS } from "../consent_options.ts";
import { commandContext } from "../context.ts";
import { SIGNAL_STATUS } from "../exit_codes.ts";
import type { Messages } from "../messages.ts";
import { exchangeDatagrams } from "../udp/exchange.ts";
import { type Datagrams, openDatagrams } from "../udp/open_datagrams.ts";
import { readUdpPlan, type UdpPlan } from "../udp/udp_plan.ts";

/** The verb. */
export const udpCommand: Command = Object.freeze({
  name: "udp",
  summary: "Send lines as UDP datagrams, and print what comes",
  usage: "udp HOST:PORT|--listen [ADDRESS:]PORT [OPTIONS]",
  description:
    "Asks at the terminal, sends each line of standard input as one datagram, without its line end, and writes each " +
    "datagram that comes as a line to standard output: escaped on a terminal, as it is into a pipe or file, with --json " +
    "as an object that says who sent it.\n" +
    "With HOST:PORT only that peer is heard. With --listen everybody is; without an address only programs of this " +
    "machine reach it, and port 0 is one that the system picks. Standard input is then read with --to or --reply only.\n" +
    "Until a peer has answered, 10 datagrams and 4 KiB leave at once, then one datagram a second.",
  options: Object.freeze<Command["options"]>({
    listen: { type: "string" },
    to: { type: "string" },
    reply: { type: "boolean" },
    join: { type: "string", multiple: true },
    interface: { type: "string" },
    broadcast: { type: "boolean" },
    hex: { type: "boolean" },
    crlf: { type: "boolean" },
    empty: { type: "boolean" },
    whole: { type: "boolean" },
    count: { type: "string" },
    wait: { type: "string" },
    timeout: { type: "string" },
    ...CONSENT_OPTIONS,
  }),
  help: [
    { usage: "--listen [ADDRESS:]PORT", text: "Hear everybody at this address of this machine." },
    { usage: "--to HOST:PORT", text: "With --listen: where the input goes." },
    { usage: "--reply", text: "With --listen: the input goes to whoever wrote last." },
    {
      usage: "--join GROUP[@SOURCE]",
      text: "Take part in a multicast group, heard from SOURCE only if given; shares the port. May be repeated.",
    },
    { usage: "--interface NAME", text: "Reach groups by this interface, such as eth0." },
    { usage: "--broadcast", text: "Let --to name every device of a network, such as 192.168.1.255:9." },
    { usage: "--hex", text: "Read and write lines of hexadecimal digits." },
    { usage: "--crlf", text: "End each datagram with CR LF." },
    { usage: "--empty", text: "Send blank lines, too, as empty datagrams." },
    { usage: "--whole", text: "Send all of standard input as one datagram, line ends included." },
    { usage: "--count NUMBER", text: "End after NUMBER datagrams have come; fail when the wait is over before." },
    {
      usage: "--wait SECONDS",
      text: "How long to wait for answers after the end of standard input; 1 by default, 0 for not at all.",
    },
    { usage: "--timeout SECONDS", text: "Give up when no datagram has come for this time; never by default." },
    ...CONSENT_HELP,
  ],
  examples: [
    "echo '<14>backup: done' | parley udp --wait 0 192.168.1.2:514",
    "echo 40000001 | parley udp --hex --count 1 192.168.1.40:5683   # CoAP ping",
    "parley udp --listen 0.0.0.0:5353 --join 224.0.0.251 --json     # hear mDNS",
    "printf 'ffffffffffff%s\\n' \"$(printf '0242ac110002%.0s' $(seq 16))\" |\n" +
    "    parley udp --listen 0.0.0.0:0 --broadcast --to 192.168.1.255:9 --hex",
    "parley udp --listen 5140 --allow listen+udp://127.0.0.1:5140 --json > log",
  ],
  run: runUdp,
});

/** Lines in a minute about errors on the way, which others can cause. */
const TROUBLES_PER_MINUTE = 10;

async function runUdp({ host, args, messages }: Invocation): Promise<number> {
  const plan = readUdpPlan(args);
  const { clock } = await autoHost();
  const stop = new AbortController();
  let status = 0;
  let isOpen = false;
  const forget = host.onInterrupt((signal) => {
    status = SIGNAL_STATUS[signal];
    stop.abort(new ParleyError("NET_ABORTED", "Interrupted"));
  });
  try {
    const isTyped = plan.input !== "none" && host.stdinIsTerminal;
    const mayAsk = (): boolean => !(isOpen && isTyped);
    const context = await commandContext(messages, { verb: "udp", ...plan.consent, mayAsk })();
    const report = limitedReport((line) => messages.report(line), {
      clock,
      perMinute: TROUBLES_PER_MINUTE,
      leftOut: (count) => `parley: ${count} more lines like these were left out`,
    });
    const onError = ({ code, message }: ParleyError): void => report(`parley: ${escapeText(message)} [${code}]`);
    await using socket = await openDatagrams(context, plan.socket, { signal: stop.signal, onError });
    isOpen = true;
    tellOpen(socket, plan, messages);
    await exchangeDatagrams({ socket, plan, host, messages, clock });
    return status;
  } catch (error) {
    if (status !== 0) return status;
    throw udpErrors(deedOf(plan))(error);
  } finally {
    forget();
  }
}

/** Tells programs; people have Parley's own line. */
function tellOpen({ local, remote }: Datagrams, { socket }: UdpPlan, messages: Messages): void {
  const { address: localAddress, port: localPort } = local;
  if (remote === null) return messages.tell({ event: "listening", localAddress, localPort, tls: false }, null);
  const { address: remoteAddress, port: remotePort } = remote;
  const host = socket.to === null ? "" : formatDestination(socket.to);
  messages.tell({ event: "connected", host, remoteAddress, remotePort, tls: null }, null);
}

/** What the command was to do, for the one error that every refusal becomes. */
function deedOf({ socket }: UdpPlan): string {
  if (socket.kind === "bound") {
    return `exchange datagrams at ${formatHostPort(socket.local.host.text, socket.local.port)}`;
  }
  return `exchange datagrams with ${formatHostPort(socket.to.host.text, socket.to.port)}`;
}
