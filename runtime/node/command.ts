/** The surroundings of the command on Node. */
export { createProcessCommand as createCommandHost } from "../_node/command.ts";
