/**
 * Reads the newest mail of a mailbox over IMAP with STARTTLS, without a library:
 * `PARLEY_ALLOW=mail.example.org:143 bun examples/read_mail_imap.ts mail.example.org 143 ada`
 *
 * MAIL_PASSWORD is the password; MAIL_CA names a file with the authority to trust, where it is a private one.
 */
import { Buffer } from "node:buffer";
import { readFile } from "node:fs/promises";
import process from "node:process";
import { openTCPSocket } from "@parley/parley";
import { DelimiterDecoderStream, LineEncoderStream } from "@parley/parley/net";

const [host = "mail.example", port = "143", user = "ada"] = process.argv.slice(2);
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
async function plainAnswer(end: RegExp): Promise<string> {
  let answer = "";
  while (!end.test(answer)) answer += Buffer.from((await reader.read()).value ?? "a BYE\r\n").toString();
  return answer;
}
await plainAnswer(/\r\n$/);
await writer.write(Buffer.from("a STARTTLS\r\n"));
if (!/^a OK /m.test(await plainAnswer(/^a .*\r\n$/m))) {
  throw new TypeError("Cannot log in: the server does not offer STARTTLS");
}
reader.releaseLock();
writer.releaseLock();

await using secure = await plain.startTls();
// Frames of bytes, not lines of text: a mail has a length in bytes, and may be in any character set.
const frames = secure.readable.pipeThrough(new DelimiterDecoderStream({ delimiter: "\r\n" }))[Symbol.asyncIterator]();
const commands = new LineEncoderStream(); // refuses line breaks within a command, so nobody adds one of his own
commands.readable.pipeTo(secure.writable).catch(() => {}); // what fails here fails at the reader, too
const sender = commands.writable.getWriter();

async function nextFrame(): Promise<Buffer> {
  const { value, done } = await frames.next();
  if (done) throw new TypeError("Cannot read the answer: the server hung up");
  return Buffer.from(value);
}

/** Gives a command; returns the untagged answers, and the literal among them, if there is one. */
async function command(tag: string, text: string): Promise<{ readonly lines: string[]; readonly literal: Buffer }> {
  void sender.write(`${tag} ${text}`).catch(() => {});
  const lines: string[] = [];
  let literal: Buffer = Buffer.of();
  for (;;) {
    let line = (await nextFrame()).toString();
    const size = /\{(\d+)\}$/.exec(line)?.[1];
    if (size !== undefined) {
      const parts: Buffer[] = [];
      let missing = Number(size);
      while (missing >= 0) {
        const part = Buffer.concat([await nextFrame(), Buffer.from("\r\n")]);
        parts.push(part.subarray(0, missing));
        // The frame in which the literal ends holds the rest of the line, too.
        if (part.byteLength > missing) line += part.subarray(missing, -2).toString();
        missing -= part.byteLength;
      }
      literal = Buffer.concat(parts);
    }
    if (line.startsWith(`${tag} OK`)) return { lines, literal };
    if (line.startsWith(`${tag} `)) throw new TypeError(`The server refuses ${text.split(" ")[0]}: ${line}`);
    lines.push(line);
  }
}

await command("b", `AUTHENTICATE PLAIN ${Buffer.from(`\0${user}\0${password}`).toString("base64")}`);
const { lines } = await command("c", "SELECT INBOX");
const count = Number(/^\* (\d+) EXISTS$/m.exec(lines.join("\n"))?.[1] ?? 0);
console.error(`${count} mails over ${secure.tlsInfo?.protocol}`);
if (count > 0) process.stdout.write((await command("d", `FETCH ${count} BODY.PEEK[]`)).literal);
await command("e", "LOGOUT");
