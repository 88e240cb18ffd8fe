/** A line over TLS in a few lines; the server answers with its reverse. Arguments: port, file with the authority. */
import { readFile } from "node:fs/promises";
import process from "node:process";
import { openTCPSocket } from "../../../mod.ts";
import { readLine, say } from "./dialogue.ts";
import { printOutcome } from "./outcome.ts";

await printOutcome(async () => {
  const [remotePort, tls] = [Number(process.argv[2]), { ca: await readFile(process.argv[3] ?? "", "utf8") }];
  await using socket = await openTCPSocket({ remoteAddress: "localhost", remotePort, secureTransport: "on", tls });
  await say(socket, "parley\n");
  return [await readLine(socket), socket.tlsInfo?.protocol, socket.tlsInfo?.serverName, socket.tlsInfo?.checkedBy];
});
