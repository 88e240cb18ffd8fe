/** A line there and back through a proxy, without half-close: few proxies pass that on. Arguments: port, the option `proxy` as JSON. */
import process from "node:process";
import { openTCPSocket } from "../../../mod.ts";
import { readLine, say } from "./dialogue.ts";
import { printOutcome } from "./outcome.ts";

const [port, proxy = ""] = process.argv.slice(2);

await printOutcome(async () => {
  await using socket = await openTCPSocket({
    remoteAddress: "localhost",
    remotePort: Number(port),
    proxy: JSON.parse(proxy),
  });
  await say(socket, "over and back\r\n");
  return await readLine(socket);
});
