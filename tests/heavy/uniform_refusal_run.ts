/**
 * What a program can find out about destinations from refusals (NET-17), tried on a real system: a network namespace with
 * hosts that are open, closed, filtered, private, without address, refused by a managed policy, or reached by `fetch()`.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { MAIL_SERVER, NamespacePair, PRIVATE_SERVER } from "../support/netns.ts";
import { RecordProcess } from "../support/record_process.ts";
import { runtimePath, type TestRuntime } from "../support/runtimes.ts";
import { writeIdentity } from "../support/server_identity.ts";
import { makeTempDirectory } from "../support/temp_directory.ts";
import { testPki } from "../support/test_pki.ts";
import type { TriedKind, TriesPlan, TryKind } from "./uniform_refusal_client.ts";
import { chanceDistance, distanceOf, type Quantiles, quantilesOf } from "./uniform_refusal_figures.ts";

const run = promisify(execFile);
const CLIENT = fileURLToPath(new URL("./uniform_refusal_client.ts", import.meta.url));
const HOSTS = fileURLToPath(new URL("../peers/cors_guard_hosts.py", import.meta.url));

/** Milliseconds in which one attempt of each kind begins. */
const SPREAD_MS = 50;
const CLOSED = "198.51.45.26";
/** Routed to the other namespace, which has no such address and forwards nothing. */
const FILTERED = "198.51.45.99";
const CORS = "198.51.45.81";
const SILENT = "198.51.45.85";
/** All names have one length: what is measured is not how long a name is. */
const RECORDS = {
  "open.test": [MAIL_SERVER],
  "shut.test": [CLOSED],
  "drop.test": [FILTERED],
  "priv.test": [PRIVATE_SERVER],
  "both.test": [MAIL_SERVER, PRIVATE_SERVER],
  "deny.test": [MAIL_SERVER],
  "cors.test": [CORS],
  "mute.test": [SILENT],
};

/** What is compared. */
export type Phase =
  /** Nothing was approved, and nobody is there to be asked: everything is refused before a lookup. */
  | "unapproved"
  /** Nothing was approved, and the policy lets nobody be asked: a rule decides in every case. */
  | "unapproved-by-rule"
  /** Names were approved, and something is found out about them afterwards. */
  | "found-out"
  /** The same at port 443, with TLS: another request, which takes another time. */
  | "found-out-443"
  /** Names were approved that lead to public addresses: failures are to be told. */
  | "useful";

/** How much is tried. */
export interface UniformityOptions {
  /** Attempts of each kind without approval. */
  readonly tries: number;
  /** Attempts of each kind that are told late, all at once. */
  readonly lateTries: number;
}

/** What came of one kind of destination. */
export interface KindFigures {
  /** The kind. */
  readonly kind: string;
  /** What was told, and how often. */
  readonly told: Readonly<Record<string, number>>;
  /** Attempts. */
  readonly tries: number;
  /** Milliseconds. */
  readonly times: Quantiles;
  /** How far its times are from those of each other kind of the phase, the farthest first. */
  readonly distances: readonly { readonly from: string; readonly distance: number }[];
  /** What chance exceeds once in a thousand times. */
  readonly chance: number;
}

/** What came of one phase on one runtime. */
export interface PhaseFigures {
  /** The runtime. */
  readonly runtime: TestRuntime;
  /** What is compared. */
  readonly phase: Phase;
  /** By kind. */
  readonly kinds: readonly KindFigures[];
}

/** The namespaces, and the hosts in them. Dispose of it. */
export class RefusalLab {
  readonly #stack: AsyncDisposableStack;
  readonly #namespaces: NamespacePair;

  /** Use {@linkcode RefusalLab.create}. */
  constructor(namespaces: NamespacePair, stack: AsyncDisposableStack) {
    this.#namespaces = namespaces;
    this.#stack = stack;
  }

  /** Makes the namespaces and starts the hosts. */
  static async create(): Promise<RefusalLab> {
    await using building = new AsyncDisposableStack();
    const namespaces = building.use(await NamespacePair.create(RECORDS));
    for (const address of [CLOSED, CORS, SILENT]) {
      const [ip = "", ...args] = namespaces.inRouter(["/usr/sbin/ip", "address", "add", `${address}/32`, "dev", "lo"]);
      await run(ip, args);
    }
    const { path } = building.use(await makeTempDirectory("uniform-refusal"));
    const { cert, key } = await writeIdentity(path, testPki().server, "server");
    const kinds = JSON.stringify({ [CORS]: "cors", [SILENT]: "silent" });
    const hosts = building.use(
      new RecordProcess(namespaces.inRouter(["/usr/bin/python3", HOSTS, cert, key, kinds])),
    );
    await hosts.record({ event: "ready" });
    return new RefusalLab(namespaces, building.move());
  }

  /**
   * Tries the kinds of one phase.
   *
   * @param runtime On which runtime.
   * @param phase What is compared.
   * @param options How much is tried.
   */
  async compare(runtime: TestRuntime, phase: Phase, options: UniformityOptions): Promise<PhaseFigures> {
    const flags = runtime === "deno" ? ["run", "-A", "--no-check", "--quiet"] : [];
    const argv = [await runtimePath(runtime), ...flags, CLIENT, JSON.stringify(planOf(phase, options))];
    const client = new RecordProcess(this.#namespaces.inClient(argv));
    try {
      const tried: TriedKind[] = [];
      for (const { kind } of KINDS[phase]) tried.push((await client.record({ kind })).record as unknown as TriedKind);
      return { runtime, phase, kinds: tried.map((each) => figuresOf(each, tried)) };
    } finally {
      await client[Symbol.asyncDispose]();
    }
  }

  /** Ends the hosts and removes the namespaces. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

const TLS = { ca: testPki().ca, serverName: "mail.test" };
const at = (kind: string, host: string): TryKind => ({
  kind,
  options: { remoteAddress: host, remotePort: 25, connectTimeout: 8_000 },
});
const web = (kind: string, host: string): TryKind => ({
  kind,
  options: { remoteAddress: host, remotePort: 443, secureTransport: "on", tls: TLS },
});

const UNAPPROVED: readonly TryKind[] = [
  at("open", "open.test"),
  at("closed", "shut.test"),
  at("filtered", "drop.test"),
  at("unresolvable", "none.test"),
  at("private", "priv.test"),
  at("managed-denied", "deny.test"),
];

/** The kinds of destinations that are told apart, or not, in each phase. */
export const KINDS: Readonly<Record<Phase, readonly TryKind[]>> = {
  "unapproved": UNAPPROVED,
  "unapproved-by-rule": UNAPPROVED,
  "found-out": [
    at("unresolvable", "none.test"),
    at("private", "priv.test"),
    at("public and private", "both.test"),
  ],
  "found-out-443": [
    web("unresolvable", "none.test"),
    web("private", "priv.test"),
    web("reached by fetch()", "cors.test"),
    web("says nothing", "mute.test"),
  ],
  "useful": [at("open", "open.test"), at("closed", "shut.test"), at("filtered", "drop.test")],
};

function planOf(phase: Phase, { tries, lateTries }: UniformityOptions): TriesPlan {
  const kinds = KINDS[phase];
  if (phase === "unapproved" || phase === "unapproved-by-rule") {
    const prompt = phase === "unapproved";
    return { kinds, tries, atOnce: 1, spreadMs: 0, allow: [], deny: ["deny.test:25"], prompt };
  }
  const allow = kinds.map(({ options }) => `${options.remoteAddress}:${options.remotePort}`);
  const late = phase === "useful" ? Math.min(lateTries, 5) : lateTries;
  // One after the other as on a machine that does other things, too: a hundred handshakes at once measure each other.
  const spreadMs = late * SPREAD_MS;
  return {
    kinds,
    tries: late,
    atOnce: late * kinds.length,
    spreadMs,
    allow: [...new Set(allow)],
    deny: [],
    prompt: true,
  };
}

function figuresOf({ kind, told, timesMs }: TriedKind, all: readonly TriedKind[]): KindFigures {
  const others = all.filter((each) => each.kind !== kind);
  return {
    kind,
    told,
    tries: timesMs.length,
    times: quantilesOf(timesMs),
    distances: others.map((each) => ({ from: each.kind, distance: distanceOf(timesMs, each.timesMs) }))
      .toSorted((a, b) => b.distance - a.distance),
    chance: chanceDistance(timesMs.length, timesMs.length),
  };
}
