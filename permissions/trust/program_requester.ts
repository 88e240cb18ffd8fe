/** The main program as requester, with everything that its runtime shows of its code. Read once, at first use. */
import { mainRequester } from "../main_requester.ts";
import type { Requester } from "../requester.ts";
import { NO_CODE, type ProgramCode, readProgramCode } from "./program_code.ts";
import type { Exposure, ProgramPort } from "./program_port.ts";
import { nearestFiles } from "./project_files.ts";
import { assessTrust } from "./secure_context.ts";

/** How the process was started, as far as it tells who asks. */
export interface LaunchedProgram {
  /** URL of the main module, or null where there is none. */
  readonly mainModule: string | null;
  /** Process id. */
  readonly pid: number;
  /** The program's code; absent on a host that reaches nothing real. */
  readonly program?: ProgramPort;
  /** A variable as it stood in the environment the process started with. */
  initialEnv(name: string): string | undefined;
}

const ALLOW_INSECURE = "PARLEY_ALLOW_INSECURE";
const MAX_PACKAGE_BYTES = 1024 * 1024;
/** Packages whose directories are looked at. */
const MAX_PACKAGES = 200;

/**
 * Makes the requester of the main program: its origin, why its code is not to be trusted, and the hashes of its files. It
 * remains a label, because the process itself looked.
 *
 * @param launch How the process was started.
 */
export function programRequester(launch: LaunchedProgram): Requester {
  const { mainModule, pid, program } = launch;
  if (program === undefined) return mainRequester(mainModule, pid);
  const { loadedFrom } = program;
  const code = loadedFrom === null ? NO_CODE : readProgramCode([loadedFrom, ...program.preloaded], program);
  const insecure = assessTrust({
    mainModule,
    source: program.source,
    remote: fetched(code, program),
    uncheckedHosts: program.uncheckedHosts,
    exposed: findExposure(code, program),
    allowInsecure: launch.initialEnv(ALLOW_INSECURE),
  });
  return mainRequester(mainModule, pid, { insecure, code });
}

/** Runtimes that fetch nothing cannot have loaded code from elsewhere, but for code that stands in the URL itself. */
function fetched({ remote }: ProgramCode, { fetchesModules, preloaded }: ProgramPort): readonly string[] {
  const named = [...preloaded, ...remote];
  return fetchesModules ? named : named.filter((specifier) => /^(?:data|blob):/i.test(specifier));
}

function findExposure({ modules, packages }: ProgramCode, program: ProgramPort): Exposure | null {
  const { loadedFrom } = program;
  if (loadedFrom === null || !loadedFrom.startsWith("file:")) return null;
  // Of a package its own directory stands for all its files.
  const names = packages.slice(0, MAX_PACKAGES).map((name) => `node_modules/${name}/package.json`);
  const installed = nearestFiles(loadedFrom, { names, maxBytes: MAX_PACKAGE_BYTES, reader: program });
  for (const { url } of [{ url: loadedFrom }, ...modules, ...installed]) {
    const exposure = program.exposure(url);
    if (exposure !== null) return exposure;
  }
  return null;
}
