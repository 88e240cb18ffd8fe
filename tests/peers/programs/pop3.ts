/** POP3 with STLS in a few lines. Arguments: port, file with the authority, user, password. */
import { readFile } from "node:fs/promises";
import process from "node:process";
import { openTCPSocket } from "../../../mod.ts";
import { pop3End, readLine, readLines, say } from "./dialogue.ts";
import { printOutcome } from "./outcome.ts";

await printOutcome(async () => {
  const [port, ca, user, password] = [process.argv[2], process.argv[3] ?? "", process.argv[4], process.argv[5]];
  const options = { remoteAddress: "localhost", remotePort: Number(port), secureTransport: "starttls" } as const;
  await using plain = await openTCPSocket({ ...options, tls: { ca: await readFile(ca, "utf8") } });
  const answers = [await readLine(plain)];
  await say(plain, "STLS\r\n");
  answers.push(await readLine(plain));
  await using secure = await plain.startTls();
  for (const line of [`USER ${user}`, `PASS ${password}`]) {
    await say(secure, `${line}\r\n`);
    answers.push(await readLine(secure));
  }
  await say(secure, "RETR 1\r\n");
  return [...answers, ...await readLines(secure, pop3End)];
});
