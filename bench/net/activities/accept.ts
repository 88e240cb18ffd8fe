/** The task that serves connections, which the peer is told to make. */
import { openSocket } from "../contestants/native_node.ts";
import type { ServerContestant } from "../contestant.ts";
import type { ClientOrder } from "../plan.ts";
import { type Activity, measureOnce } from "./measure.ts";

/** Prepares a server, and a connection to the peer that is the same for all contestants. */
export async function acceptActivity(contestant: ServerContestant, { port }: ClientOrder): Promise<Activity> {
  const served = await contestant.serve();
  const command = await openSocket(port);
  return {
    run: (connections) =>
      measureOnce(() =>
        new Promise((resolve) => {
          command.once("data", () => resolve());
          command.write(`connect ${served} ${connections}\n`);
        })
      ),
  };
}
