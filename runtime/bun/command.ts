/** The surroundings of the command on Bun. */
export { createProcessCommand as createCommandHost } from "../_node/command.ts";
