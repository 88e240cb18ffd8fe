/** `parley connect`: standard input and output joined to a connection, like `nc` and `openssl s_client`, with consent. */
import { type Destination, formatDestination, parseDestination } from "../../core/destination.ts";
import { ParleyError } from "../../core/errors.ts";
import { negotiateStartTls, STARTTLS_PROTOCOLS, type StartTlsProtocol } from "../../net/above/starttls/negotiate.ts";
import type { NetContextSource } from "../../net/context.ts";
import { createRawSockets, type TCPSocket, type TCPSocketOptions } from "../../net/faces/raw_sockets/mod.ts";
import type { TLSOptions } from "../../net/tls_options.ts";
import { readFingerprint } from "../../permissions/pins/fingerprint.ts";
import type { CommandHost, ParsedArguments } from "../../runtime/command.ts";
import { CONSENT_HELP, CONSENT_OPTIONS, type ConsentOptions, consentOptions } from "../consent_options.ts";
import { type Command, flagOption, type Invocation, listOption, textOption } from "../command.ts";
import { commandContext } from "../context.ts";
import { SIGNAL_STATUS } from "../exit_codes.ts";
import type { Messages } from "../messages.ts";
import { createPeerOutput } from "../peer_output.ts";
import type { PeerKeyFacts } from "../../permissions/pins/peer_key_facts.ts";
import type { Answer } from "../../permissions/prompter.ts";
import { pump } from "../pump.ts";

/** The verb. */
export const connectCommand: Command = Object.freeze({
  name: "connect",
  summary: "Join standard input and output to a TCP or TLS connection",
  usage: "connect HOST:PORT|unix:///PATH [OPTIONS]",
  description:
    "Asks at the terminal, connects, and passes bytes both ways until the other side has finished. At the end of " +
    "standard input only the sending direction ends. What the other side sends is escaped on a terminal, and passed on " +
    "as it is into a pipe or file.",
  options: Object.freeze<Command["options"]>({
    tls: { type: "boolean" },
    starttls: { type: "string" },
    servername: { type: "string" },
    alpn: { type: "string" },
    ca: { type: "string", multiple: true },
    cert: { type: "string" },
    key: { type: "string" },
    pin: { type: "string" },
    crlf: { type: "boolean" },
    raw: { type: "boolean" },
    ...CONSENT_OPTIONS,
    timeout: { type: "string" },
    idle: { type: "string" },
    proxy: { type: "string" },
    "proxy-dns": { type: "boolean" },
  }),
  help: [
    { usage: "--tls", text: "TLS from the first byte; the same as tls://HOST:PORT." },
    {
      usage: "--starttls PROTOCOL",
      text: `Speak ${STARTTLS_PROTOCOLS.join(", ")} up to its upgrade to TLS; fails when it is not offered.`,
    },
    { usage: "--ca FILE", text: "Trust the PEM certificates in FILE instead of the built-in ones. May be repeated." },
    { usage: "--servername NAME", text: "Check the certificate against NAME instead of HOST." },
    { usage: "--alpn LIST", text: "Offer protocols by ALPN, separated by commas." },
    { usage: "--cert FILE", text: "Client certificate, PEM; needs --key." },
    { usage: "--key FILE", text: "Private key of the client certificate, PEM." },
    {
      usage: "--pin FINGERPRINT",
      text: 'Take the server by its key (SHA-256 of the public key), whatever its certificate is; "ask" asks about it.',
    },
    { usage: "--crlf", text: "Send line ends as CR LF." },
    { usage: "--raw", text: "Do not escape on a terminal. Only for a destination given with --allow." },
    ...CONSENT_HELP,
    { usage: "--timeout SECONDS", text: "Give up connecting after this time; 30 by default." },
    { usage: "--idle SECONDS", text: "Break off when nothing passes for this time." },
    {
      usage: "--proxy URL",
      text: "Go through socks5://HOST:PORT or http://HOST:PORT, which is asked about (or given with --allow) as well.",
    },
    { usage: "--proxy-dns", text: "Let the proxy look HOST up; it then decides which machine that is." },
  ],
  examples: [
    "parley connect mail.example.org:25 --starttls smtp --crlf",
    "printf 'GET / HTTP/1.0\\r\\n\\r\\n' | parley connect --tls www.example.org:443",
    "parley connect --allow 192.168.1.20:9100 192.168.1.20:9100 < label.zpl",
  ],
  run: runConnect,
});

async function runConnect({ host, args, messages }: Invocation): Promise<number> {
  const plan = await readPlan(host, args);
  const stop = new AbortController();
  let status = 0;
  const forget = host.onInterrupt((signal) => {
    status = SIGNAL_STATUS[signal];
    stop.abort(new ParleyError("NET_ABORTED", "Interrupted"));
  });
  try {
    await using socket = await open(plan, messages, stop.signal);
    const output = createPeerOutput(host, plan.raw);
    const counts = await pump(host.stdin, socket, { output, crlf: plan.crlf });
    messages.tell({ event: "closed", ...counts }, null);
    return 0;
  } catch (error) {
    if (status !== 0) return status;
    throw error;
  } finally {
    forget();
  }
}

interface Plan {
  /** Where to, in canonical form. */
  readonly place: string;
  readonly options: TCPSocketOptions;
  readonly starttls: StartTlsProtocol | null;
  readonly consent: ConsentOptions;
  /** The key that is taken whatever its certificate is, or null. */
  readonly fingerprint: string | null;
  readonly crlf: boolean;
  readonly raw: boolean;
}

async function readPlan(host: CommandHost, args: ParsedArguments): Promise<Plan> {
  const [text, ...extra] = args.positionals;
  if (text === undefined || extra.length > 0) throw usage("give exactly one HOST:PORT or unix:///PATH");
  const destination = parseDestination(text);
  const starttls = toProtocol(textOption(args, "starttls"));
  const tls = flagOption(args, "tls") || destination.scheme === "tls";
  if (tls && starttls !== null) throw usage("--tls and --starttls exclude each other");
  if (!["tcp", "tls", "unix"].includes(destination.scheme)) {
    throw usage(`${destination.scheme}:// is not for this command`);
  }
  const secured = tls || starttls !== null;
  if (destination.spki !== null && !secured) throw usage("#spki= needs --tls or --starttls");
  const pin = toPin(textOption(args, "pin"));
  if (pin !== null && !secured) throw usage("--pin needs --tls or --starttls");
  const spki = pin === "ask" ? destination.spki : pin ?? destination.spki;
  const consent = consentOptions(args);
  const raw = flagOption(args, "raw");
  if (raw && host.stdoutIsTerminal && consent.allow.length === 0) {
    throw usage("--raw on a terminal needs --allow, so that no question can be forged by what the other side sends");
  }
  const { scheme } = destination;
  return {
    place: formatDestination(scheme === "tls" ? { ...destination, scheme: "tcp" } : destination),
    starttls,
    consent,
    fingerprint: pin === "ask" ? null : pin,
    raw,
    crlf: flagOption(args, "crlf"),
    options: {
      ...toPlace(destination),
      ...toProxy(args),
      ...toIdle(textOption(args, "idle")),
      secureTransport: tls ? "on" : starttls !== null ? "starttls" : "off",
      connectTimeout: toTimeout(textOption(args, "timeout") ?? "30", "--timeout"),
      tls: {
        ...await readTls(host, args, secured),
        ...(spki !== null && { spkiSha256: spki }),
        ...(pin !== null && { onUntrusted: "ask" }),
      },
    },
  };
}

async function readTls(host: CommandHost, args: ParsedArguments, wanted: boolean): Promise<TLSOptions> {
  const serverName = textOption(args, "servername");
  const alpn = textOption(args, "alpn");
  const files = { ca: listOption(args, "ca"), cert: textOption(args, "cert"), key: textOption(args, "key") };
  const given = serverName !== null || alpn !== null || files.ca.length > 0 || files.cert !== null ||
    files.key !== null;
  if (given && !wanted) throw usage("TLS options need --tls or --starttls");
  const ca = await Promise.all(files.ca.map((path) => readPem(host, path)));
  return {
    ...(serverName !== null && { serverName }),
    ...(alpn !== null && { alpnProtocols: alpn.split(",") }),
    ...(ca.length > 0 && { ca }),
    ...(files.cert !== null && { cert: await readPem(host, files.cert) }),
    ...(files.key !== null && { key: await readPem(host, files.key) }),
  };
}

async function readPem(host: CommandHost, path: string): Promise<string> {
  try {
    return await host.readTextFile(path);
  } catch (cause) {
    throw new ParleyError("CONFIG_INVALID", `Cannot read ${path}`, { cause });
  }
}

async function open(plan: Plan, messages: Messages, signal: AbortSignal): Promise<TCPSocket> {
  const sockets = createRawSockets(contextFor(plan, messages));
  const plain = await sockets.openTCPSocket({ ...plan.options, signal });
  if (plan.starttls === null) return connected(plain, plan, messages);
  try {
    await negotiateStartTls(plan.starttls, plain);
    return connected(await plain.startTls(), plan, messages);
  } catch (error) {
    await plain[Symbol.asyncDispose]();
    throw error;
  }
}

/** The pins on file hold for this command as for programs; `--pin` speaks for the operator. */
function contextFor({ consent, fingerprint }: Plan, messages: Messages): NetContextSource {
  const answerKey = ({ spkiSha256 }: PeerKeyFacts): Promise<Answer> | null => {
    if (fingerprint === null) return null;
    const is = fingerprint === spkiSha256;
    return Promise.resolve(is ? { kind: "allow", lifetime: "once", host: null } : { kind: "deny", reason: "refused" });
  };
  return commandContext(messages, { verb: "connect", ...consent, answerKey });
}

/** Tells programs about the connection; people have Parley's own lines. */
function connected(socket: TCPSocket, plan: Plan, messages: Messages): TCPSocket {
  const { tlsInfo, remoteAddress, remotePort } = socket;
  const tls = tlsInfo === null ? null : {
    protocol: tlsInfo.protocol,
    serverName: tlsInfo.serverName,
    checkedBy: tlsInfo.checkedBy,
    alpnProtocol: tlsInfo.alpnProtocol,
    sha256: tlsInfo.chain[0]?.sha256 ?? null,
    spkiSha256: tlsInfo.chain[0]?.spkiSha256 ?? null,
  };
  messages.tell({ event: "connected", host: plan.place, remoteAddress, remotePort, tls }, null);
  return socket;
}

function toProtocol(text: string | null): StartTlsProtocol | null {
  if (text === null) return null;
  const protocol = STARTTLS_PROTOCOLS.find((name) => name === text);
  if (protocol === undefined) throw usage(`--starttls takes one of ${STARTTLS_PROTOCOLS.join(", ")}`);
  return protocol;
}

function toPin(text: string | null): "ask" | string | null {
  if (text === null || text === "ask") return text;
  const fingerprint = readFingerprint(text);
  if (fingerprint === null) throw usage("--pin takes ask, or a SHA-256 fingerprint: 64 hexadecimal digits");
  return fingerprint;
}

function toTimeout(text: string, option: string): number {
  const seconds = Number(text);
  if (!(seconds > 0 && seconds <= 86_400)) throw usage(`${option} takes seconds, from above 0 to 86400`);
  return Math.max(1, Math.round(seconds * 1000));
}

function toPlace({ scheme, host, port }: Destination): Pick<TCPSocketOptions, "path" | "remoteAddress" | "remotePort"> {
  return scheme === "unix" ? { path: host.text } : { remoteAddress: host.text, remotePort: port };
}

function toIdle(text: string | null): Pick<TCPSocketOptions, "idleTimeout"> {
  return text === null ? {} : { idleTimeout: toTimeout(text, "--idle") };
}

function toProxy(args: ParsedArguments): Pick<TCPSocketOptions, "proxy"> {
  const text = textOption(args, "proxy");
  const remoteDns = flagOption(args, "proxy-dns");
  if (text === null) {
    if (remoteDns) throw usage("--proxy-dns needs --proxy");
    return {};
  }
  const [, protocol, hostPort] = /^(socks5|http):\/\/([^/@]+)\/?$/.exec(text) ?? [];
  if (hostPort === undefined) throw usage("--proxy takes socks5://HOST:PORT or http://HOST:PORT");
  const { host, port } = parseDestination(hostPort);
  return { proxy: { protocol: protocol === "http" ? "http" : "socks5", host: host.text, port, remoteDns } };
}

function usage(what: string): ParleyError {
  return new ParleyError("ARG_INVALID", `Cannot connect: ${what}; see parley connect --help`);
}
