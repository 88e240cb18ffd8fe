/**
 * Prints a file on an IPP printer: asks what it takes, sends the job, waits for its end. HTTP is Node's own, over one connection
 * that the operator approves once:
 * `PARLEY_ALLOW=192.168.1.20:631 deno run -A examples/print_ipp.ts ipp://192.168.1.20/ipp/print letter.pdf application/pdf`
 */
import { Buffer } from "node:buffer";
import { readFile } from "node:fs/promises";
import { Agent, request } from "node:http";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { createNodeConnection } from "@parley/parley/node";

const [uri = "ipp://printer.local/ipp/print", file = "letter.pdf", type = "application/pdf"] = process.argv.slice(2);
const printer = new URL(uri.replace(/^ipp:/, "http:"));
const where = { host: printer.hostname, port: Number(printer.port || 631) };

/** Node's agent keeps the connection between requests, and makes it by Parley. */
const connect = createNodeConnection({ openOptions: { idleTimeout: 30_000 } });
const agent = Object.assign(new Agent({ keepAlive: true, maxSockets: 1 }), { createConnection: () => connect(where) });

/** Of RFC 8010 and 8011, what is needed here. */
const PRINT_JOB = 0x0002, GET_JOB_ATTRIBUTES = 0x0009, GET_PRINTER_ATTRIBUTES = 0x000b;
const INTEGER = 0x21, ENUM = 0x23, KEYWORD = 0x44, URI = 0x45, CHARSET = 0x47, LANGUAGE = 0x48, MIME_TYPE = 0x49;
const JOB_STATES = ["pending", "held", "processing", "stopped", "canceled", "aborted", "completed"];

/** An attribute. Without a name it is one more value of the one before it. */
type Attribute = readonly [tag: number, name: string, value: string | number];
type Answer = ReadonlyMap<string, readonly (string | number)[]>;

function encode(operation: number, attributes: readonly Attribute[]): Buffer {
  const field = (value: string | number): Buffer => {
    const bytes = typeof value === "string" ? Buffer.from(value) : Buffer.alloc(4);
    if (typeof value === "number") bytes.writeInt32BE(value);
    return Buffer.concat([Buffer.from([bytes.byteLength >> 8, bytes.byteLength & 0xff]), bytes]);
  };
  const head = Buffer.from([2, 0, 0, operation, 0, 0, 0, 1, 0x01]); // version 2.0, request 1, operation attributes
  const body = attributes.flatMap(([tag, name, value]) => [Buffer.from([tag]), field(name), field(value)]);
  return Buffer.concat([head, ...body, Buffer.from([0x03])]);
}

function decode(answer: Buffer): Answer {
  const found = new Map<string, (string | number)[]>();
  let name = "";
  let at = 8;
  const field = (): Buffer => {
    const start = at + 2;
    at = start + answer.readUInt16BE(at);
    return answer.subarray(start, at);
  };
  while (at < answer.length && answer[at] !== 0x03) {
    const tag = answer.readUInt8(at++);
    if (tag < 0x10) continue; // a group begins
    name = field().toString() || name;
    const value = field();
    const shown = tag === INTEGER || tag === ENUM ? value.readInt32BE() : value.toString();
    found.set(name, [...(found.get(name) ?? []), shown]);
  }
  return found;
}

function post(body: Buffer): Promise<Buffer> {
  const headers = { "content-type": "application/ipp", "content-length": body.byteLength };
  return new Promise((resolve, reject) => {
    request({ ...where, agent, method: "POST", path: printer.pathname, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => void chunks.push(chunk)).on("error", reject).on("end", () => {
        if (response.statusCode === 200) resolve(Buffer.concat(chunks));
        else reject(new TypeError(`Cannot ask the printer: HTTP status ${response.statusCode}`));
      });
    }).on("error", reject).end(body);
  });
}

async function ask(operation: number, more: readonly Attribute[], document: Uint8Array = Buffer.of()): Promise<Answer> {
  const common: readonly Attribute[] = [
    [CHARSET, "attributes-charset", "utf-8"],
    [LANGUAGE, "attributes-natural-language", "en"],
    [URI, "printer-uri", uri],
  ];
  const answer = await post(Buffer.concat([encode(operation, [...common, ...more]), document]));
  const status = answer.readUInt16BE(2);
  if (status < 0x0100) return decode(answer);
  throw new TypeError(`Cannot print: the printer says ${status.toString(16).padStart(4, "0")} of RFC 8011, appendix B`);
}

const wanted = ["printer-name", "printer-make-and-model", "document-format-supported"];
const about = await ask(
  GET_PRINTER_ATTRIBUTES,
  wanted.map((name, index) => [KEYWORD, index === 0 ? "requested-attributes" : "", name]),
);
for (const name of wanted) console.log(`${name}: ${about.get(name)?.join(", ")}`);
if (about.get("document-format-supported")?.includes(type) !== true) {
  throw new TypeError(`Cannot print ${file}: the printer does not take ${type}`);
}

const document = await readFile(file);
const [id = 0] = (await ask(PRINT_JOB, [[MIME_TYPE, "document-format", type]], document)).get("job-id") ?? [];
for (;;) {
  const [state] = (await ask(GET_JOB_ATTRIBUTES, [[INTEGER, "job-id", id]])).get("job-state") ?? [];
  if (typeof state === "number" && state < 7) await delay(500);
  else {
    console.log(`job ${id}: ${JOB_STATES[Number(state) - 3] ?? state}`);
    break;
  }
}
agent.destroy();
