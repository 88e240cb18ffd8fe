/** The task that upgrades connections to TLS: only the upgrade is measured, not the connection before it. */
import type { BenchUpgrade, UpgradeContestant } from "../contestant.ts";
import type { ClientOrder } from "../plan.ts";
import { type Activity, measureOften } from "./measure.ts";

/** Prepares upgrades. */
export function startTlsActivity(contestant: UpgradeContestant, { port, ca }: ClientOrder): Activity {
  let connection: BenchUpgrade;
  const around = {
    beforeEach: async () => {
      connection = await contestant.open(port, ca);
    },
    afterEach: async () => {
      await connection.close();
    },
  };
  return { run: (timeMs) => measureOften(() => connection.startTls(), { timeMs, around }) };
}
