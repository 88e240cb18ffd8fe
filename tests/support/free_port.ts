/** Ports for servers that cannot pick one by themselves. */
import { createServer } from "node:net";

/**
 * Finds a TCP port that nobody listens at. Another process may take it before it is used: whoever starts a server with it
 * tries again then.
 *
 * @param address Address to listen at.
 * @returns The port.
 */
export function freePort(address = "127.0.0.1"): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, address, () => {
      const at = server.address();
      const port = typeof at === "object" && at !== null ? at.port : 0;
      server.close(() => resolve(port));
    });
  });
}
