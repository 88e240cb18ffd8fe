/** Whom a navigator of its own acts for: a library, or the main program. */
import type { LaunchedProgram } from "../trust/program_requester.ts";
import { assessTrust } from "../trust/secure_context.ts";
import type { Requester } from "../requester.ts";
import { libraryOrigin } from "./library_origin.ts";
import type { ModuleMeta } from "./module_meta.ts";

/** Whether a module is the main one, as far as it says: by its `import.meta.main`, or by its URL. */
export function isMainModule(meta: ModuleMeta, { mainModule, program }: LaunchedProgram): boolean {
  return meta.isMain || meta.url === mainModule || (program !== undefined && meta.url === program.loadedFrom);
}

/**
 * Makes the requester of a module with a navigator of its own. What was read of the program's code holds for it too: it runs
 * among that code.
 *
 * @param meta The module.
 * @param program The main program.
 * @param launch How the process was started.
 */
export function navigatorRequester(meta: ModuleMeta, program: Requester, launch: LaunchedProgram): Requester {
  if (isMainModule(meta, launch)) return Object.freeze({ ...program });
  const { origin, kind } = libraryOrigin(meta.url);
  const insecure = program.insecure ?? assessTrust({
    mainModule: meta.url,
    source: /^(?:data|blob):/i.test(meta.url) ? "data" : "module",
    remote: [],
    uncheckedHosts: launch.program?.uncheckedHosts ?? null,
    exposed: meta.url.startsWith("file:") ? launch.program?.exposure(meta.url) ?? null : null,
    allowInsecure: launch.initialEnv("PARLEY_ALLOW_INSECURE"),
  });
  return Object.freeze({
    ...program,
    origin,
    kind,
    role: "library",
    inside: program.origin,
    insecure,
    rememberable: program.rememberable && insecure === null && kind !== "opaque" && !origin.startsWith("http:"),
  });
}
