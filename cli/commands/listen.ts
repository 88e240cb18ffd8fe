/** `parley listen`: standard input and output joined to whoever connects, like `nc -l`, with consent. */
import { ParleyError } from "../../core/errors.ts";
import { escapeText } from "../../core/escape.ts";
import { parseDestination } from "../../core/destination.ts";
import { formatHostPort } from "../../core/ip_address.ts";
import type { AcceptedSocket, TCPServer, TCPServerOptions } from "../../net/faces/servers/mod.ts";
import type { ServerTLSOptions } from "../../net/server_tls_options.ts";
import { autoHost } from "../../runtime/auto.ts";
import type { CommandHost, ParsedArguments } from "../../runtime/command.ts";
import { CONSENT_HELP, CONSENT_OPTIONS, type ConsentOptions, consentOptions } from "../consent_options.ts";
import { type Command, flagOption, type Invocation, listOption, textOption } from "../command.ts";
import { commandServers } from "../context.ts";
import { SIGNAL_STATUS } from "../exit_codes.ts";
import type { Messages } from "../messages.ts";
import { createPeerOutput } from "../peer_output.ts";
import { pump } from "../pump.ts";
import { SharedInput } from "../shared_input.ts";

/** The verb. */
export const listenCommand: Command = Object.freeze({
  name: "listen",
  summary: "Join standard input and output to whoever connects",
  usage: "listen [ADDRESS:]PORT [OPTIONS]",
  description:
    "Asks at the terminal, listens, and passes bytes both ways with the first that connects, until both sides have " +
    "finished (at a terminal: until the other side has). Without an address only programs of this machine can connect; " +
    "port 0 is one that the system picks. What the other side sends is escaped on a terminal, and passed on as it is " +
    "into a pipe or file.",
  options: Object.freeze<Command["options"]>({
    keep: { type: "boolean" },
    echo: { type: "boolean" },
    tls: { type: "boolean" },
    cert: { type: "string" },
    key: { type: "string" },
    "client-ca": { type: "string", multiple: true },
    alpn: { type: "string" },
    from: { type: "string", multiple: true },
    crlf: { type: "boolean" },
    raw: { type: "boolean" },
    ...CONSENT_OPTIONS,
    timeout: { type: "string" },
  }),
  help: [
    { usage: "--keep", text: "Serve one connection after another, until Ctrl-C." },
    { usage: "--echo", text: "Send back what comes, and leave standard input and output alone." },
    { usage: "--tls", text: "TLS from the first byte; needs --cert and --key." },
    { usage: "--cert FILE", text: "Certificate, PEM, with intermediate certificates after it." },
    { usage: "--key FILE", text: "Private key of the certificate, PEM." },
    { usage: "--client-ca FILE", text: "Demand a client certificate signed by an authority in FILE. May be repeated." },
    { usage: "--alpn LIST", text: "Accept protocols by ALPN, separated by commas." },
    { usage: "--from BLOCK", text: "Let only these addresses connect, such as 192.168.1.0/24. May be repeated." },
    { usage: "--crlf", text: "Send line ends as CR LF." },
    { usage: "--raw", text: "Do not escape on a terminal. Only for a server given with --allow." },
    ...CONSENT_HELP,
    { usage: "--timeout SECONDS", text: "Give up when nobody has connected after this time; never by default." },
  ],
  examples: [
    "parley listen 9000",
    "parley listen 0.0.0.0:9100 --from 192.168.1.0/24 > label.zpl",
    "parley listen 8443 --tls --cert server.crt --key server.key --keep --echo",
    "parley listen --allow listen://127.0.0.1:9000 9000 < answer.txt",
  ],
  run: runListen,
});

/** Milliseconds without input after which a connection that the peer has ended is over, where the input itself has no end. */
const QUIET_MS = 500;

async function runListen({ host, args, messages }: Invocation): Promise<number> {
  const plan = await readPlan(host, args);
  const stop = new AbortController();
  let status = 0;
  let server: TCPServer | null = null;
  const forget = host.onInterrupt((signal) => {
    status = SIGNAL_STATUS[signal];
    stop.abort(new ParleyError("NET_ABORTED", "Interrupted"));
    void server?.[Symbol.asyncDispose]();
  });
  try {
    const servers = commandServers(messages, { verb: "listen", ...plan.consent });
    server = await servers.openTCPServer({ ...plan.options, signal: stop.signal });
    await serve(server, plan, { host, messages, stop });
    return status;
  } catch (error) {
    if (status !== 0) return status;
    throw error;
  } finally {
    forget();
    await server?.[Symbol.asyncDispose]();
  }
}

interface Plan {
  readonly options: TCPServerOptions;
  readonly consent: ConsentOptions;
  readonly keep: boolean;
  readonly echo: boolean;
  readonly crlf: boolean;
  readonly raw: boolean;
  readonly timeoutMs: number | null;
}

interface Surroundings {
  readonly host: CommandHost;
  readonly messages: Messages;
  readonly stop: AbortController;
}

async function serve(server: TCPServer, plan: Plan, { host, messages, stop }: Surroundings): Promise<void> {
  const { localAddress, localPort } = server;
  messages.tell({ event: "listening", localAddress, localPort, tls: plan.options.secureTransport === "on" }, null);
  const { clock } = await autoHost();
  const input = new SharedInput(() => host.stdin, clock);
  const wait = (): { cancel(): void } | null =>
    plan.timeoutMs === null ? null : clock.after(plan.timeoutMs, () => stop.abort(nobodyCame(plan.timeoutMs ?? 0)));
  let timer = wait();
  for await (const socket of server) {
    timer?.cancel();
    if (!plan.keep) void server.close();
    accepted(socket, messages);
    await serveOne(socket, plan, { host, messages, input });
    if (!plan.keep) return;
    timer = wait();
  }
}

async function serveOne(
  socket: AcceptedSocket,
  plan: Plan,
  { host, messages, input }: { readonly host: CommandHost; readonly messages: Messages; readonly input: SharedInput },
): Promise<void> {
  try {
    await using open = socket;
    if (plan.echo) await echo(open);
    else await exchange(open, plan, { host, input });
    const { bytesSent: sent, bytesReceived: received } = open.stats;
    messages.tell({ event: "closed", sent, received }, null);
  } catch (error) {
    // Where one is served after another, what became of one does not end the rest.
    if (!plan.keep) throw error;
    messages.fail(error);
  }
}

async function echo({ readable, writable }: AcceptedSocket): Promise<void> {
  const writer = writable.getWriter();
  for await (const chunk of readable) await writer.write(chunk);
  // Everything was sent back: a client that cannot be told of the end has gone.
  await writer.close().catch(() => {});
}

async function exchange(
  socket: AcceptedSocket,
  plan: Plan,
  { host, input }: { readonly host: CommandHost; readonly input: SharedInput },
): Promise<void> {
  const part = input.part();
  // What is typed has no end of its own, and what serves several connections is not for one of them alone.
  const endless = host.stdinIsTerminal || plan.keep;
  const onPeerEnd = (): void => {
    if (endless) part.windDown(QUIET_MS);
  };
  await pump(part.stream, socket, { output: createPeerOutput(host, plan.raw), crlf: plan.crlf, onPeerEnd });
}

/** Tells who has connected. */
function accepted({ remoteAddress, remotePort, tlsInfo }: AcceptedSocket, messages: Messages): void {
  const [client] = tlsInfo?.chain ?? [];
  const tls = tlsInfo === null ? null : {
    protocol: tlsInfo.protocol,
    serverName: tlsInfo.serverName,
    checkedBy: tlsInfo.checkedBy,
    alpnProtocol: tlsInfo.alpnProtocol,
    sha256: client?.sha256 ?? null,
    spkiSha256: client?.spkiSha256 ?? null,
  };
  const certificate = client === undefined
    ? ""
    : `, client certificate SHA-256 ${client.sha256.slice(0, 16)}… verified`;
  const encryption = tlsInfo === null ? "NOT ENCRYPTED" : `${escapeText(tlsInfo.protocol)}${certificate}`;
  const where = escapeText(formatHostPort(remoteAddress, remotePort));
  messages.tell(
    { event: "accepted", remoteAddress, remotePort, tls },
    `parley: connection from ${where}, ${encryption}`,
  );
}

async function readPlan(host: CommandHost, args: ParsedArguments): Promise<Plan> {
  const [text, ...extra] = args.positionals;
  if (text === undefined || extra.length > 0) throw usage("give exactly one [ADDRESS:]PORT");
  const { host: local, port } = parseDestination(toListenText(text));
  if (local.address === null) throw usage("the address is an IP address of this machine, such as 127.0.0.1 or 0.0.0.0");
  const consent = consentOptions(args);
  const raw = flagOption(args, "raw");
  if (raw && host.stdoutIsTerminal && consent.allow.length === 0) {
    throw usage("--raw on a terminal needs --allow, so that no question can be forged by what the other side sends");
  }
  const from = listOption(args, "from");
  return {
    consent,
    raw,
    keep: flagOption(args, "keep"),
    echo: flagOption(args, "echo"),
    crlf: flagOption(args, "crlf"),
    timeoutMs: toTimeout(textOption(args, "timeout")),
    options: {
      localAddress: local.text,
      localPort: port,
      ...(from.length > 0 && { allowFrom: from }),
      ...await readTls(host, args),
    },
  };
}

/** A port alone is one of loopback. */
function toListenText(text: string): string {
  if (text.startsWith("listen://")) return text;
  return /^[0-9]+$/.test(text) ? `listen://127.0.0.1:${text}` : `listen://${text}`;
}

async function readTls(
  host: CommandHost,
  args: ParsedArguments,
): Promise<Pick<TCPServerOptions, "secureTransport" | "tls">> {
  const [cert, key, alpn] = [textOption(args, "cert"), textOption(args, "key"), textOption(args, "alpn")];
  const clientCa = listOption(args, "client-ca");
  if (!flagOption(args, "tls")) {
    if (cert === null && key === null && alpn === null && clientCa.length === 0) return { secureTransport: "off" };
    throw usage("TLS options need --tls");
  }
  if (cert === null || key === null) throw usage("--tls needs --cert and --key");
  const tls: ServerTLSOptions = {
    cert: await readPem(host, cert),
    key: await readPem(host, key),
    ...(alpn !== null && { alpnProtocols: alpn.split(",") }),
    ...(clientCa.length > 0 && { clientCa: await Promise.all(clientCa.map((path) => readPem(host, path))) }),
  };
  return { secureTransport: "on", tls };
}

async function readPem(host: CommandHost, path: string): Promise<string> {
  try {
    return await host.readTextFile(path);
  } catch (cause) {
    throw new ParleyError("CONFIG_INVALID", `Cannot read ${path}`, { cause });
  }
}

function toTimeout(text: string | null): number | null {
  if (text === null) return null;
  const seconds = Number(text);
  if (!(seconds > 0 && seconds <= 86_400)) throw usage("--timeout takes seconds, from above 0 to 86400");
  return Math.max(1, Math.round(seconds * 1000));
}

function nobodyCame(timeoutMs: number): ParleyError {
  return new ParleyError("NET_TIMEOUT", `Cannot serve: nobody connected within ${timeoutMs / 1000} s`);
}

function usage(what: string): ParleyError {
  return new ParleyError("ARG_INVALID", `Cannot listen: ${what}; see parley listen --help`);
}
