/**
 * A process that watches records and has nothing else to do. Arguments: the state directory, and how many changes it makes and
 * waits for before it has nothing left to do. It has to end by itself.
 */
import process from "node:process";
import { recordDirectory } from "../../../runtime/_node/record_directory.ts";
import { systemClock } from "../../../runtime/system_clock.ts";

const [state = "", changes = "0"] = process.argv.slice(2);
const initialEnv = (name: string): string | undefined => name === "XDG_STATE_HOME" ? state : undefined;
const records = recordDirectory(
  { folder: "grants", initialEnv, env: () => undefined, obstacle: () => null },
  systemClock,
);

let wake: () => void = () => {};
if (changes !== "0") records.put(records.nameOf("key"), "text");
records.watch(() => wake());
console.log("watching");
for (let change = 0; change < Number(changes); change++) {
  // Only this timer holds the process.
  const timer = setTimeout(() => {}, 10_000);
  await new Promise<void>((resolve) => {
    wake = resolve;
    records.put(records.nameOf("key"), `text ${change}`);
  });
  clearTimeout(timer);
  console.log("heard");
}
