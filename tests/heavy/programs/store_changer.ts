/**
 * A process that changes remembered answers. Arguments: the state directory, its number, how many changes (0 for no end), and
 * a file. It prints a record when it is ready, waits for a line, and adds a line to the file for each change once that is
 * done: the place in the sequence, the request, what is now remembered, and what was taken back.
 */
import fs from "node:fs";
import process from "node:process";
import { recordDirectory } from "../../../runtime/_node/record_directory.ts";
import { systemClock } from "../../../runtime/system_clock.ts";
import { FileStore } from "../../../permissions/store/file_store.ts";
import { changeAt, requestOf } from "./store_changes.ts";

const [state = "", number = "0", count = "0", file = ""] = process.argv.slice(2);
const initialEnv = (name: string): string | undefined => name === "XDG_STATE_HOME" ? state : undefined;
const directory = recordDirectory(
  { folder: "grants", initialEnv, env: () => undefined, obstacle: () => null },
  systemClock,
);
const store = new FileStore({ directory, clock: systemClock, report: (line) => console.error(line) });

const acknowledgements = fs.openSync(file, "a", 0o600);

/** In one call: what is acknowledged has left the process. */
function acknowledge(done: unknown): void {
  fs.writeSync(acknowledgements, `${JSON.stringify(done)}\n`);
}

console.log(JSON.stringify({ is: "ready" }));
await new Promise((resolve) => void process.stdin.once("data", resolve));
process.stdin.destroy();
const last = Number(count) === 0 ? Infinity : Number(count);
for (let at = 0; at < last; at++) {
  const { request, effect } = changeAt(Number(number), at);
  const { requester, descriptor } = requestOf(request);
  const known = store.find(requester, descriptor);
  if (effect === null) {
    const removed = known !== null && store.remove(known.id);
    acknowledge({ at, request, id: null, removed: removed ? known.id : null });
  } else {
    const { id } = store.put(requester, descriptor, { effect, lifetime: "always" });
    acknowledge({ at, request, id, removed: null });
  }
  // Others' changes are heard of between two turns of the loop.
  if (at === 20) console.log(JSON.stringify({ is: "begun" }));
  if (at % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
}
console.log(JSON.stringify({ is: "over" }));
