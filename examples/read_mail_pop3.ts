/**
 * Reads the newest mail of a mailbox over POP3 with STLS, without a library:
 * `PARLEY_ALLOW=mail.example.org:110 deno run -A examples/read_mail_pop3.ts mail.example.org 110 ada`
 *
 * MAIL_PASSWORD is the password; MAIL_CA names a file with the authority to trust, where it is a private one.
 */
import { Buffer } from "node:buffer";
import { readFile } from "node:fs/promises";
import process from "node:process";
import { openTCPSocket } from "@parley/parley";
import { DelimiterDecoderStream, LineEncoderStream } from "@parley/parley/net";

const [host = "mail.example", port = "110", user = "ada"] = process.argv.slice(2);
const { MAIL_PASSWORD: password = "", MAIL_CA: ca } = process.env;

const plain = await openTCPSocket({
  remoteAddress: host,
  remotePort: Number(port),
  secureTransport: "starttls",
  tls: ca === undefined ? {} : { ca: await readFile(ca, "utf8") },
  readTimeout: 30_000,
});

// Before the upgrade nothing may be read ahead: chunks, until the answer is there. What is said here is not to be believed.
const reader = plain.readable.getReader();
const writer = plain.writable.getWriter();
async function plainAnswer(): Promise<string> {
  let answer = "";
  while (!answer.includes("\n")) answer += Buffer.from((await reader.read()).value ?? "-ERR\n").toString();
  return answer;
}
await plainAnswer();
await writer.write(Buffer.from("STLS\r\n"));
if (!(await plainAnswer()).startsWith("+OK")) throw new TypeError("Cannot log in: the server does not offer STLS");
reader.releaseLock();
writer.releaseLock();

await using secure = await plain.startTls();
// Frames of bytes, not lines of text: a mail may be in any character set.
const frames = secure.readable.pipeThrough(new DelimiterDecoderStream({ delimiter: "\r\n" }))[Symbol.asyncIterator]();
const commands = new LineEncoderStream(); // refuses line breaks within a command, so nobody adds one of his own
commands.readable.pipeTo(secure.writable).catch(() => {}); // what fails here fails at the reader, too
const sender = commands.writable.getWriter();

async function nextLine(): Promise<Buffer> {
  const { value, done } = await frames.next();
  if (done) throw new TypeError("Cannot read the answer: the server hung up");
  return Buffer.from(value);
}

async function command(text: string): Promise<string> {
  void sender.write(text).catch(() => {});
  const answer = (await nextLine()).toString();
  if (!answer.startsWith("+OK")) throw new TypeError(`The server refuses ${text.split(" ")[0]}: ${answer}`);
  return answer;
}

await command(`USER ${user}`);
await command(`PASS ${password}`);
const count = Number(/^\+OK (\d+)/.exec(await command("STAT"))?.[1] ?? 0);
console.error(`${count} mails over ${secure.tlsInfo?.protocol}`);
if (count > 0) {
  await command(`RETR ${count}`);
  const DOT = 0x2e;
  for (;;) {
    const line = await nextLine();
    if (line.byteLength === 1 && line[0] === DOT) break; // the end; a line that begins with a dot has got another before it
    process.stdout.write(Buffer.concat([line.subarray(line[0] === DOT ? 1 : 0), Buffer.from("\r\n")]));
  }
}
await command("QUIT");
