/**
 * The terminal on Deno. With all permissions it is `/dev/tty`; Deno opens that for nobody else. With fewer it is
 * standard input and standard error, if both are terminals. Permissions are queried, so Deno never prompts for it.
 */
import type { Terminal, TerminalBackend } from "../../permissions/terminal/port.ts";
import { devTty } from "../_node/terminal.ts";
import { hasAllPermissions } from "./launch.ts";
import { openStdioTerminal } from "./stdio_terminal.ts";

/** The terminal of this Deno process. */
export const denoTerminal: TerminalBackend = Object.freeze({
  async open(): Promise<Terminal | null> {
    const opened = hasAllPermissions() ? await devTty.open() : null;
    return opened ?? openStdioTerminal();
  },
});
