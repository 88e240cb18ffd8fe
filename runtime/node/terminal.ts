/** The controlling terminal on Node: `/dev/tty`. */
export { devTty as nodeTerminal } from "../_node/terminal.ts";
