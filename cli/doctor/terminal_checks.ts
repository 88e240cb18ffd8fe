/** What could type at the terminal in the operator's place, and what keeps questions from being put (CON-10). */
import { injectorText, readsTheScreen } from "../../permissions/terminal/mod.ts";
import { type DoctorFinding, type DoctorSurroundings, finding } from "./finding.ts";

const AREA = "terminal";
const PTRACE = "/proc/sys/kernel/yama/ptrace_scope";

/** Looks at the terminal. */
export async function terminalFindings(surroundings: DoctorSurroundings): Promise<DoctorFinding[]> {
  return [
    presence(surroundings),
    ...unattended(surroundings),
    ...injectors(surroundings),
    ...await ptrace(surroundings),
  ];
}

function presence({ terminal }: DoctorSurroundings): DoctorFinding {
  if (terminal) return finding(AREA, "ok", "questions can be put at this terminal");
  const advice = "write a policy file: docs/policy.md";
  return finding(AREA, "note", "there is no terminal: nothing is granted but by a rule", advice);
}

function unattended({ env }: DoctorSurroundings): DoctorFinding[] {
  return ["CI", "INVOCATION_ID"].flatMap((name) => {
    const value = env(name);
    if (value === undefined || value === "") return [];
    return [finding(AREA, "note", `${name} is set: nobody is asked, as in a service or a build`)];
  });
}

function injectors({ terminal, injectors }: DoctorSurroundings): DoctorFinding[] {
  if (terminal && injectors.length === 0) return [finding(AREA, "ok", "no way is seen to type here but the keyboard")];
  return injectors.map((injector) => {
    const advice = readsTheScreen(injector)
      ? "approve in advance with a policy file, or answer at a terminal of its own"
      : "the word that risky questions ask for stops it, because it cannot read the screen";
    return finding(AREA, "warning", injectorText(injector), advice);
  });
}

async function ptrace({ read }: DoctorSurroundings): Promise<DoctorFinding[]> {
  const value = (await read(PTRACE))?.trim() ?? null;
  if (value !== "0") return [];
  const text = "programs of yours can read and change each other's memory (ptrace)";
  return [finding(AREA, "note", text, "sysctl kernel.yama.ptrace_scope=1")];
}
