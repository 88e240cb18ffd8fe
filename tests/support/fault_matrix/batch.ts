/** Many runs of the fault matrix, several at a time, with an eye on what nobody handles. */
import process from "node:process";
import { type RunReport, runScenario } from "./run.ts";

/** Runs side by side: turns of the event loop, which time is made of here, are shared by all of them. */
const SIDE_BY_SIDE = 40;
/** More would bury the first ones. */
const MOST_STORIES = 20;

/** What came of many runs. */
export interface BatchReport {
  /** How many there were. */
  readonly runs: number;
  /** Those that went wrong. */
  readonly failed: readonly RunReport[];
}

/**
 * Makes runs.
 *
 * @param seeds One for each.
 */
export async function runBatch(seeds: readonly number[]): Promise<BatchReport> {
  using rejections = watchRejections();
  using _digest = promptDigest();
  const failed: RunReport[] = [];
  for (let begin = 0; begin < seeds.length; begin += SIDE_BY_SIDE) {
    const group = seeds.slice(begin, begin + SIDE_BY_SIDE);
    const reports = await Promise.all(group.map((seed) => runScenario(seed)));
    await turn();
    failed.push(...reports.filter(({ problems }) => problems.length > 0));
    if (rejections.taken().length > 0) failed.push(...await findRejections(group, rejections));
  }
  return { runs: seeds.length, failed };
}

/** For people: what went wrong, and how to see it again. */
export function describeBatch({ runs, failed }: BatchReport): string {
  const stories = failed.slice(0, MOST_STORIES).map(({ seed, problems, story }) =>
    `Seed ${seed} (again: PARLEY_FAULT_SEED=${seed}):\n  ${problems.join("\n  ")}\n${story.replaceAll(/^/gm, "    ")}`
  );
  const seeds = failed.map(({ seed }) => seed).join(" ");
  return [`${failed.length} of ${runs} runs went wrong: ${seeds}`, ...stories].join("\n");
}

/** Seeds to use: those that were asked for, or the one in PARLEY_FAULT_SEED. */
export function chosenSeeds(seeds: readonly number[]): readonly number[] {
  const chosen = process.env["PARLEY_FAULT_SEED"];
  return chosen ? [Number(chosen)] : seeds;
}

interface Rejections extends Disposable {
  /** What nobody handled since the last call. */
  taken(): unknown[];
}

/** Makes the runs of a group again one by one: the runtimes do not tell whose a rejection is. */
async function findRejections(group: readonly number[], rejections: Rejections): Promise<RunReport[]> {
  const found: RunReport[] = [];
  for (const seed of group) {
    const report = await runScenario(seed);
    await turn();
    const unhandled = rejections.taken().map((reason) => `nobody handled: ${reason}`);
    if (unhandled.length > 0) found.push({ ...report, problems: unhandled });
  }
  if (found.length > 0) return found;
  const [first = 0] = group;
  return [{ seed: first, problems: [`nobody handled something, when ${group.length} seeds ran together`], story: "" }];
}

function watchRejections(): Rejections {
  const seen: unknown[] = [];
  const taken = (): unknown[] => seen.splice(0);
  if ("Deno" in globalThis) {
    const heard = (event: PromiseRejectionEvent): void => {
      event.preventDefault();
      seen.push(event.reason);
    };
    addEventListener("unhandledrejection", heard);
    return { taken, [Symbol.dispose]: () => removeEventListener("unhandledrejection", heard) };
  }
  const heard = (reason: unknown): void => void seen.push(reason);
  process.on("unhandledRejection", heard);
  return { taken, [Symbol.dispose]: () => void process.off("unhandledRejection", heard) };
}

/**
 * TLS in memory takes a hash, which the runtimes make on another thread, in its own time. No run may depend on that, and
 * nobody looks at the hash.
 */
function promptDigest(): Disposable {
  const { subtle } = crypto;
  Object.defineProperty(subtle, "digest", { value: () => Promise.resolve(new ArrayBuffer(32)), configurable: true });
  return { [Symbol.dispose]: () => void Reflect.deleteProperty(subtle, "digest") };
}

function turn(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, 0));
}
