/** `node:tls` over a connected socket of `node:net`. */
import { connect as connectTls, type TLSSocket } from "node:tls";
import { openSocket } from "../native_node.ts";
import type { UpgradeContestant } from "../../contestant.ts";

/** `tls.connect` with a `socket`. */
export const contestant: UpgradeContestant = {
  async open(port, ca) {
    const socket = await openSocket(port);
    let upgraded: TLSSocket | null = null;
    return {
      startTls: () =>
        new Promise((resolve, reject) => {
          upgraded = connectTls({ socket, ca, servername: "localhost" }, resolve);
          upgraded.once("error", reject);
        }),
      close: () => void (upgraded ?? socket).destroy(),
    };
  },
};
