/** Plain echo in a few lines. Argument: port. */
import process from "node:process";
import { openTCPSocket } from "../../../mod.ts";
import { readAll, say } from "./dialogue.ts";
import { printOutcome } from "./outcome.ts";

await printOutcome(async () => {
  await using socket = await openTCPSocket({ remoteAddress: "localhost", remotePort: Number(process.argv[2]) });
  await say(socket, "over and ");
  await say(socket, "back\xff\x00");
  await socket.writable.close();
  return await readAll(socket);
});
