/** What an idle connection costs a server in memory: new servers each time, one with Parley and one with the runtime's own calls. */
import { execFile } from "node:child_process";
import process from "node:process";
import { promisify } from "node:util";
import { measureServer, type ServerKind } from "../../tests/heavy/many_connections.ts";
import type { Round } from "./figures.ts";
import type { RunFigures } from "./plan.ts";
import type { RoundsOptions, RoundsResult } from "./rounds.ts";

/**
 * Runs all laps; each is one round.
 *
 * @param options What and how often.
 * @throws {TypeError} When a process fails.
 */
export async function runIdleRounds(options: RoundsOptions): Promise<RoundsResult> {
  const { runtime, program, laps } = options;
  process.env[`PARLEY_TEST_${runtime.toUpperCase()}`] = program;
  const rounds: Round[] = [];
  for (let lap = 0; lap < laps; lap++) {
    rounds.push({ native: await measure(options, "native"), parley: await measure(options, "parley") });
  }
  return { version: await versionOf(program), rounds };
}

async function measure({ runtime, idle }: RoundsOptions, kind: ServerKind): Promise<RunFigures> {
  const load = { idle, active: 0, rounds: 0 };
  const { kibPerConnection, accepted } = await measureServer(runtime, kind, load);
  if (accepted !== idle) throw new TypeError(`Cannot measure: ${accepted} of ${idle} connections came`);
  return { cost: kibPerConnection, cpuMs: null };
}

async function versionOf(program: string): Promise<string> {
  const { stdout } = await promisify(execFile)(program, ["--version"]);
  return /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? "";
}
