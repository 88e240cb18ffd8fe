/** Mail over SMTP with STARTTLS in a few lines. Arguments: port, file with the authority, file with the message. */
import { readFile } from "node:fs/promises";
import process from "node:process";
import { openTCPSocket } from "../../../mod.ts";
import { readLines, say, smtpEnd } from "./dialogue.ts";
import { printOutcome } from "./outcome.ts";

await printOutcome(async () => {
  const [port, ca, message] = [process.argv[2], process.argv[3] ?? "", process.argv[4] ?? ""];
  const options = { remoteAddress: "localhost", remotePort: Number(port), secureTransport: "starttls" } as const;
  await using plain = await openTCPSocket({ ...options, tls: { ca: await readFile(ca, "utf8") } });
  const answers = [await readLines(plain, smtpEnd)];
  for (const line of ["EHLO client.example", "STARTTLS"]) {
    await say(plain, `${line}\r\n`);
    answers.push(await readLines(plain, smtpEnd));
  }
  await using secure = await plain.startTls();
  const body = (await readFile(message, "latin1")).replace(/^\./gm, "..");
  const envelope = ["EHLO client.example", "MAIL FROM:<ada@example.org>", "RCPT TO:<bob@example.org>", "DATA"];
  for (const line of [...envelope, `${body}.`, "QUIT"]) {
    await say(secure, `${line}\r\n`);
    answers.push(await readLines(secure, smtpEnd));
  }
  return answers.map((lines) => lines.at(-1));
});
