/** Every verb of the command, in the order of its help. */
import type { Command } from "../command.ts";
import { auditCommand } from "./audit.ts";
import { connectCommand } from "./connect.ts";
import { demoCommand } from "./demo.ts";
import { doctorCommand } from "./doctor.ts";
import { listenCommand } from "./listen.ts";
import { permissionsCommand } from "./permissions.ts";
import { pinsCommand } from "./pins.ts";
import { policyCommand } from "./policy.ts";
import { socketsCommand } from "./sockets.ts";
import { udpCommand } from "./udp.ts";

/** Every verb. */
export const COMMANDS: readonly Command[] = Object.freeze([
  connectCommand,
  listenCommand,
  udpCommand,
  socketsCommand,
  permissionsCommand,
  pinsCommand,
  policyCommand,
  auditCommand,
  doctorCommand,
  demoCommand,
]);
