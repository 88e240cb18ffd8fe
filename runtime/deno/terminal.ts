/**
 * The terminal on Deno. With all permissions it is `/dev/tty`; Deno opens that for nobody else. With fewer it is
 * standard input and standard error, if both are terminals. Permissions are queried, so Deno never prompts for it.
 */
import type { KeyInjector, Presence, Terminal, TerminalBackend } from "../../permissions/terminal/port.ts";
import { devTty } from "../_node/terminal.ts";
import { hasAllPermissions } from "./launch.ts";
import { openStdioTerminal, stdioPresence } from "./stdio_terminal.ts";

/** The terminal of this Deno process. */
export const denoTerminal: TerminalBackend = Object.freeze({
  async open(): Promise<Terminal | null> {
    const opened = hasAllPermissions() ? await devTty.open() : null;
    return opened ?? openStdioTerminal();
  },
  presence(): Presence {
    const presence = hasAllPermissions() ? devTty.presence?.() : undefined;
    return presence ?? stdioPresence();
  },
  injectors(): readonly KeyInjector[] {
    return hasAllPermissions() ? devTty.injectors?.() ?? [] : [];
  },
  // Needs the name of the terminal, which Deno shows to nobody who may not read the environment.
  title(text: string | null): void {
    if (mayReadTerm()) devTty.title?.(text);
  },
});

function mayReadTerm(): boolean {
  return Deno.permissions.querySync({ name: "env", variable: "TERM" }).state === "granted";
}
