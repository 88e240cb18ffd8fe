/** What outlives programs: policy files, remembered answers, the log, and whether private mode is on. */
import { isPrivate, PRIVATE_VARIABLE } from "../../core/private_mode.ts";
import { PolicyLoader } from "../../permissions/policy/policy_loader.ts";
import { FileStore } from "../../permissions/store/file_store.ts";
import type { Host } from "../../runtime/host.ts";
import { type DoctorFinding, finding } from "./finding.ts";

/** Looks at what outlives programs. */
export function stateFindings({ state, clock, launch }: Pick<Host, "state" | "clock" | "launch">): DoctorFinding[] {
  if (state === null) return [finding("state", "note", "this host leaves nothing behind")];
  const hidden = isPrivate(launch.initialEnv(PRIVATE_VARIABLE)) || isPrivate(launch.env(PRIVATE_VARIABLE));
  return [
    ...policyFindings({ state, clock }),
    ...(hidden
      ? [finding("private mode", "note", `${PRIVATE_VARIABLE} is set: nothing is remembered or written down`)]
      : []),
    ...(hidden ? [] : rememberedFindings({ state, clock })),
    ...(hidden ? [] : [logFinding(state)]),
    attemptsFinding(state),
  ];
}

type Place = { readonly state: NonNullable<Host["state"]>; readonly clock: Host["clock"] };

function policyFindings({ state, clock }: Place): DoctorFinding[] {
  const area = "policy";
  const problems: DoctorFinding[] = [];
  const report = (line: string): void =>
    void problems.push(finding(area, "problem", line.replace(/^parley: /u, ""), "parley policy check"));
  const loader = new PolicyLoader({ files: state.policyFiles([]), clock, launchRules: [], report });
  const { rules, settings } = loader.current;
  const found: DoctorFinding[] = [...problems];
  if (problems.length === 0) {
    const count = `${rules.length} ${rules.length === 1 ? "rule" : "rules"}`;
    found.push(finding(area, "ok", rules.length === 0 ? "there are no policy files" : `the files are valid: ${count}`));
  }
  if (settings.auditOnly) found.push(finding(area, "warning", "the managed policy only watches: nothing is refused"));
  if (loader.enforcement === null) return found;
  const text = "this account can write the managed policy itself (policy-unprotected)";
  return [...found, finding(area, "warning", text, "run programs as another user than root")];
}

function rememberedFindings({ state, clock }: Place): DoctorFinding[] {
  const area = "memory";
  const directory = state.records("grants");
  const obstacle = directory.obstacle();
  if (obstacle !== null) return [finding(area, "note", `answers cannot be remembered: ${obstacle}`)];
  const lines: string[] = [];
  const store = new FileStore({ directory, clock, report: (line) => void lines.push(line) });
  const [remembered, broken] = [store.list().length, store.broken().length];
  const count = `${remembered} ${remembered === 1 ? "answer is" : "answers are"} remembered`;
  if (broken === 0) return [finding(area, "ok", count)];
  return [finding(area, "problem", `${count}, and ${broken} cannot be read`, "parley permissions list")];
}

function logFinding({ audit }: Place["state"]): DoctorFinding {
  const obstacle = audit.obstacle();
  if (obstacle !== null) return finding("audit log", "note", `nothing is written down: ${obstacle}`);
  return finding("audit log", "ok", "decisions are written down", "parley audit show");
}

function attemptsFinding(state: Place["state"]): DoctorFinding {
  if (state.attempts() !== null) {
    return finding("limits", "ok", "programs of this account count their attempts together");
  }
  return finding(
    "limits",
    "note",
    "each program counts its attempts for itself: there is no runtime directory of your own",
  );
}
