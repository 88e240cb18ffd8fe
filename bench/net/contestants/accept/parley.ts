/** Parley's server as a program uses it: `openTCPServer` of the public entry, approved by PARLEY_ALLOW. */
import { openTCPServer } from "../../../../mod.ts";
import type { ServerContestant } from "../../contestant.ts";

const MANY = 1024;

/** `openTCPServer`, iterated over. */
export const contestant: ServerContestant = {
  async serve() {
    // All connections come from one source here.
    const server = await openTCPServer({ maxConnections: MANY, maxConnectionsPerSource: MANY, backlog: 512 });
    void (async () => {
      for await (const socket of server) void socket.close();
    })();
    return server.localPort;
  },
};
