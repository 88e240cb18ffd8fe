/**
 * Connects as often as it is told, in a process as hostile as the suite makes it, and prints what came of each attempt.
 * Argument: JSON of {@linkcode AttemptsPlan}.
 */
import process from "node:process";
import { openTCPSocket, type TCPSocket, type TLSOptions } from "../../../mod.ts";
import { imapEnd, pop3End, readAll, readLine, readLines, say, smtpEnd } from "./dialogue.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { pollute, type Pollution } from "./pollution.ts";

/** One connection. */
export interface Attempt {
  /** Default localhost. */
  readonly host?: string;
  /** Port. */
  readonly port: number;
  /** What is spoken before TLS; `tls` for TLS from the first byte, `plain` for none at all. */
  readonly speak: "plain" | "tls" | "smtp" | "imap" | "pop3" | "postgres";
  /** How TLS is verified. */
  readonly tls?: TLSOptions;
  /** Said in the end; the answer, up to the end of the stream, is the attempt's value. Nothing is said when omitted. */
  readonly say?: string;
}

/** What the program does. */
export interface AttemptsPlan {
  /** What `Object.prototype` gets after Parley was imported, or null for nothing at all. */
  readonly pollution: Pollution | null;
  /** One after the other. */
  readonly attempts: readonly Attempt[];
}

type Upgrade = (plain: TCPSocket) => Promise<unknown>;

/** Trusting dialogues: these send the order to start TLS whether or not it was offered, as a careless script would. */
const UPGRADES = new Map<Attempt["speak"], Upgrade>([
  ["smtp", async (plain) => {
    await readLines(plain, smtpEnd);
    await say(plain, "EHLO client.example\r\n");
    await readLines(plain, smtpEnd);
    await say(plain, "STARTTLS\r\n");
    await readLines(plain, smtpEnd);
  }],
  ["imap", async (plain) => {
    await readLine(plain);
    await say(plain, "a STARTTLS\r\n");
    await readLines(plain, imapEnd("a"));
  }],
  ["pop3", async (plain) => {
    await readLine(plain);
    await say(plain, "CAPA\r\n");
    await readLines(plain, pop3End);
    await say(plain, "STLS\r\n");
    await readLine(plain);
  }],
  ["postgres", async (plain) => {
    await say(plain, "\x00\x00\x00\x08\x04\xd2\x16\x2f");
    const reader = plain.readable.getReader({ mode: "byob" });
    await reader.read(new Uint8Array(1));
    reader.releaseLock();
  }],
]);

async function attempt(given: Attempt): Promise<unknown> {
  // A copy without prototype: what stands on Object.prototype is no option of this program.
  const { host, port, speak, tls, say: text } = Object.assign(Object.create(null), given) as Attempt;
  const upgrade = UPGRADES.get(speak);
  const secureTransport = upgrade !== undefined ? "starttls" : speak === "tls" ? "on" : "off";
  const base = { remoteAddress: host ?? "localhost", remotePort: port, secureTransport } as const;
  await using first = await openTCPSocket(tls === undefined ? base : { ...base, tls });
  await upgrade?.(first);
  await using socket = upgrade === undefined ? first : await first.startTls();
  const info = socket.tlsInfo;
  let answer = "";
  if (text !== undefined) {
    await say(socket, text);
    if (speak === "plain") await socket.writable.close();
    answer = await readAll(socket);
  }
  return {
    answer,
    protocol: info?.protocol ?? null,
    serverName: info?.serverName ?? null,
    checkedBy: info?.checkedBy ?? null,
    alpnProtocol: info?.alpnProtocol ?? null,
  };
}

const plan = JSON.parse(process.argv[2] ?? "null") as AttemptsPlan;
const clean = plan.pollution === null ? (): void => {} : pollute(plan.pollution);
const outcomes: Outcome[] = [];
for (const each of plan.attempts) outcomes.push(await outcomeOf(() => attempt(each)));
// The record is printed by an honest runtime; what it tells was found out in the other one.
clean();
console.log(JSON.stringify(outcomes));
