import { startEchoServer } from "../support/echo_server.ts";
import { decideAtTerminal } from "./decision_runs.ts";
import { HOSTILE_NAMES } from "./programs/hostile_names.ts";
const all = Object.keys(HOSTILE_NAMES);
const from = all.indexOf("inside"), to = all.indexOf("unenforced");
const fresh = all.slice(from, to + 1);
await using server = await startEchoServer();
const ok = async (names: string[]) =>
  await Promise.race([
    decideAtTerminal("deno", server.port, names).then(() => true, () => false),
    new Promise<boolean>((r) => setTimeout(() => r(false), 8000)),
  ]);
const find = async (names: string[]): Promise<string[]> => {
  if (names.length === 0 || await ok(names)) return [];
  if (names.length === 1) return names;
  const half = names.length >> 1;
  return [...await find(names.slice(0, half)), ...await find(names.slice(half))];
};
console.log("BAD", await find(fresh));
Deno.exit(0);
