/** Parley's upgrade as a program uses it: `openTCPSocket` with `starttls`, then `startTls()`. */
import { openTCPSocket } from "../../../../mod.ts";
import type { UpgradeContestant } from "../../contestant.ts";

/** `startTls()`. */
export const contestant: UpgradeContestant = {
  async open(port, ca) {
    let socket = await openTCPSocket({
      remoteAddress: "127.0.0.1",
      remotePort: port,
      noDelay: true,
      secureTransport: "starttls",
      tls: { ca, serverName: "localhost" },
    });
    return {
      async startTls() {
        socket = await socket.startTls();
      },
      close: () => socket[Symbol.asyncDispose](),
    };
  },
};
