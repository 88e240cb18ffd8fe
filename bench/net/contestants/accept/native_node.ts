/** `node:net`: `createServer`. */
import { type AddressInfo, createServer } from "node:net";
import type { ServerContestant } from "../../contestant.ts";

/** `createServer`. */
export const contestant: ServerContestant = {
  serve: () =>
    new Promise((resolve) => {
      const server = createServer((socket) => void socket.destroy());
      server.listen({ host: "127.0.0.1", port: 0 }, () => resolve((server.address() as AddressInfo).port));
    }),
};
