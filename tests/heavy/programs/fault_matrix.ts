/**
 * Makes runs of the fault matrix and prints what came of them: for people, and after `@@` how many there were and how many
 * went wrong.
 *
 * Argument 1: the first seed. Argument 2: how many. PARLEY_FAULT_SEED in the environment: that one alone.
 */
import process from "node:process";
import { chosenSeeds, describeBatch, runBatch } from "../../support/fault_matrix/batch.ts";

const [first = NaN, count = NaN] = process.argv.slice(2).map(Number);
const report = await runBatch(chosenSeeds(Array.from({ length: count }, (_, index) => first + index)));
console.log(describeBatch(report));
console.log(`@@${JSON.stringify({ runs: report.runs, failed: report.failed.length })}`);
