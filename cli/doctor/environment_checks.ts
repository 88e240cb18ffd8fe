/** Variables that weaken TLS, add authorities or choose a way: Parley ignores them, and says so here (CON-15). */
import { type DoctorFinding, type DoctorSurroundings, finding } from "./finding.ts";

const AREA = "environment";

/** Variables that runtimes and libraries heed elsewhere, and what they would do. */
const IGNORED: readonly (readonly [name: string, does: string])[] = [
  ["NODE_TLS_REJECT_UNAUTHORIZED", "switches certificate checks off"],
  ["NODE_EXTRA_CA_CERTS", "adds certificate authorities"],
  ["SSL_CERT_FILE", "replaces the certificate authorities"],
  ["SSL_CERT_DIR", "replaces the certificate authorities"],
  ["DENO_CERT", "adds a certificate authority"],
  ["DENO_TLS_CA_STORE", "chooses the certificate authorities"],
  ["HTTP_PROXY", "sends requests through a proxy"],
  ["HTTPS_PROXY", "sends requests through a proxy"],
  ["ALL_PROXY", "sends connections through a proxy"],
  ["http_proxy", "sends requests through a proxy"],
  ["https_proxy", "sends requests through a proxy"],
  ["all_proxy", "sends connections through a proxy"],
  ["HOSTALIASES", "gives names other meanings"],
  ["LOCALDOMAIN", "adds a domain to short names"],
  ["RES_OPTIONS", "changes how names are looked up"],
];

/** Variables that only count if the process started with them. */
const AUTHORITIES = ["PARLEY_ALLOW", "PARLEY_POLICY"] as const;

/** Looks at the environment. */
export function environmentFindings({ env, initialEnv }: DoctorSurroundings): DoctorFinding[] {
  const ignored = IGNORED.filter(([name]) => (env(name) ?? "") !== "").map(([name, does]) =>
    finding(AREA, "note", `${name} is set, which ${does}; sockets of Parley ignore it`)
  );
  const late = AUTHORITIES.filter((name) => env(name) !== undefined && initialEnv(name) !== env(name)).map((name) =>
    finding(
      AREA,
      "warning",
      `${name} was set after the process had started, by a file or the program: it does not count`,
      "set it in the environment that the program is started with",
    )
  );
  const preload = ["LD_PRELOAD", "NODE_OPTIONS", "BUN_OPTIONS", "DENO_V8_FLAGS"].filter((name) =>
    (env(name) ?? "") !== ""
  )
    .map((name) =>
      finding(AREA, "warning", `${name} is set: code that it loads runs before Parley, and Parley cannot hold it`)
    );
  const found = [...ignored, ...late, ...preload];
  return found.length > 0
    ? found
    : [finding(AREA, "ok", "no variable weakens TLS, adds authorities or chooses a proxy")];
}
