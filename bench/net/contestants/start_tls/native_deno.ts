/** Deno's own upgrade: `Deno.startTls`, then `handshake()`. */
import type { UpgradeContestant } from "../../contestant.ts";

/** `Deno.startTls`. It cannot show the certificate. */
export const contestant: UpgradeContestant = {
  async open(port, ca) {
    let conn: Deno.Conn = await Deno.connect({ hostname: "127.0.0.1", port });
    return {
      async startTls() {
        const upgraded = await Deno.startTls(conn as Deno.TcpConn, { hostname: "localhost", caCerts: [ca] });
        conn = upgraded;
        await upgraded.handshake();
      },
      close: () => conn.close(),
    };
  },
};
