/** What `parley doctor` finds. */
import type { KeyInjector } from "../../permissions/terminal/port.ts";

/** How much it matters. */
export type Weight =
  /** As it should be. */
  | "ok"
  /** Worth knowing. */
  | "note"
  /** Weakens what Parley holds. */
  | "warning"
  /** Has to be mended: something is refused because of it. */
  | "problem";

/** One finding. Texts are not escaped yet. */
export interface DoctorFinding {
  /** What it is about, as in `terminal`. */
  readonly area: string;
  /** How much it matters. */
  readonly weight: Weight;
  /** What is so. */
  readonly text: string;
  /** What can be done; null for nothing. */
  readonly advice: string | null;
}

/** What the checks look at. What cannot be seen is null. */
export interface DoctorSurroundings {
  /** A variable of the environment, however it was set. */
  env(name: string): string | undefined;
  /** A variable of the environment that the process started with. */
  initialEnv(name: string): string | undefined;
  /** A text file's content; null when it cannot be read. */
  read(path: string): Promise<string | null>;
  /** Whether a question could be put at a terminal now. */
  readonly terminal: boolean;
  /** What could type there in the operator's place. */
  readonly injectors: readonly KeyInjector[];
}

/** Makes a finding. */
export function finding(area: string, weight: Weight, text: string, advice: string | null = null): DoctorFinding {
  return Object.freeze({ area, weight, text, advice });
}
