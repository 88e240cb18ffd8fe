/** Groups between two machines: two processes in network namespaces of their own, with a link between them. */
import assert from "node:assert/strict";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { RUNTIMES } from "../support/each_runtime.ts";
import { test } from "../support/harness.ts";
import { CLIENT, NamespacePair, netnsMissing } from "../support/netns.ts";
import { RecordProcess } from "../support/record_process.ts";
import { runtimePath } from "../support/runtimes.ts";

const PROGRAM = fileURLToPath(new URL("./programs/multicast_party.ts", import.meta.url));
const GROUPS = ["239.1.2.3", "239.1.2.4", "239.1.2.5", "232.1.2.3", "232.1.2.4"];
const skip = await netnsMissing();

for (const runtime of RUNTIMES) {
  test(
    `NET-27 DS-52 on ${runtime} a group is heard over the link, source-specific from its source only, and not after leaving`,
    async () => {
      const allow = [...GROUPS.map((group) => `multicast://${group}:5000`), "listen+udp://0.0.0.0:5000"];
      const env = { ...process.env, PARLEY_ALLOW: [...allow, "listen+udp://0.0.0.0:0"].join() };
      const flags = runtime === "deno" ? ["run", "-A", "--no-check"] : [];
      const argv = [await runtimePath(runtime), ...flags, PROGRAM];
      await using pair = await NamespacePair.create({});
      const { clientInterface, routerInterface } = pair;
      await using hearer = new RecordProcess(pair.inRouter([...argv, "hear", routerInterface, CLIENT]), { env });
      await using speaker = new RecordProcess(pair.inClient([...argv, "speak", clientInterface]), { env });
      assert.equal((await hearer.record({ is: "joined" })).record["groups"], 3);
      await speaker.record({ is: "ready" });
      speaker.send("go");
      const { heard } = (await hearer.record({ is: "heard" })).record;
      assert.deepEqual(heard, ["any source", "this source", "end"].map((text) => `${text} from ${CLIENT}`));
    },
    { skip, timeoutMs: 60_000 },
  );
}
