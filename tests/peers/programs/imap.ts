/** IMAP with STARTTLS in a few lines. Arguments: port, file with the authority, user, password. */
import { readFile } from "node:fs/promises";
import process from "node:process";
import { openTCPSocket } from "../../../mod.ts";
import { imapEnd, readLine, readLines, say } from "./dialogue.ts";
import { printOutcome } from "./outcome.ts";

await printOutcome(async () => {
  const [port, ca, user, password] = [process.argv[2], process.argv[3] ?? "", process.argv[4], process.argv[5]];
  const options = { remoteAddress: "localhost", remotePort: Number(port), secureTransport: "starttls" } as const;
  await using plain = await openTCPSocket({ ...options, tls: { ca: await readFile(ca, "utf8") } });
  await readLine(plain);
  await say(plain, "a STARTTLS\r\n");
  const answers = await readLines(plain, imapEnd("a"));
  await using secure = await plain.startTls();
  for (const line of ["b CAPABILITY", `c LOGIN ${user} ${password}`, "d SELECT INBOX", "e LOGOUT"]) {
    await say(secure, `${line}\r\n`);
    answers.push(...await readLines(secure, imapEnd(line.slice(0, 1))));
  }
  return answers;
});
