/** Every verb of the command, in the order of its help. */
import type { Command } from "../command.ts";
import { connectCommand } from "./connect.ts";
import { demoCommand } from "./demo.ts";
import { listenCommand } from "./listen.ts";
import { socketsCommand } from "./sockets.ts";
import { udpCommand } from "./udp.ts";

/** Every verb. */
export const COMMANDS: readonly Command[] = Object.freeze([
  connectCommand,
  listenCommand,
  udpCommand,
  socketsCommand,
  demoCommand,
]);
