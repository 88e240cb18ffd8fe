/** The controlling terminal on Bun: `/dev/tty`. */
export { devTty as bunTerminal } from "../_node/terminal.ts";
