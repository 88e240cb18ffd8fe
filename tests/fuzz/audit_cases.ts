/** Policies, requesters, requests and facts by chance, near enough to each other that every outcome comes about. */
import fc from "fast-check";
import { parseDestination, parseDestinationPattern, type Scheme } from "../../core/destination.ts";
import { parseAddressBlock } from "../../core/ip_address.ts";
import type { DecisionFacts } from "../../permissions/decision.ts";
import { connectDescriptor, type Descriptor } from "../../permissions/descriptor.ts";
import { type FeatureName, featureOfScheme, FEATURES } from "../../permissions/feature.ts";
import { DEFAULT_SETTINGS, Policy } from "../../permissions/policy.ts";
import { type Requester, REQUESTER_SCHEMA } from "../../permissions/requester.ts";
import type { Rule, RuleAuthor } from "../../permissions/rule.ts";

/** One request, with everything that its decision is made from besides the policy. */
export interface AuditRequest {
  readonly requester: Requester;
  readonly descriptor: Descriptor;
  readonly facts: DecisionFacts;
}

/** Requests under one policy. */
export interface AuditCase {
  readonly policy: Policy;
  readonly requests: readonly AuditRequest[];
}

const NOW_MS = Date.UTC(2026, 0, 1);
/** The longest file name of a Linux system, where each byte takes six characters of JSON. */
const LONG = "\u0001\u00fc".repeat(2000);
const ORIGINS = [
  "file:///home/me/main.ts",
  "npm:mqtt",
  "https://apps.example",
  "opaque:main",
  `file:///${LONG}/a.ts`,
  `file:///${LONG}/b.ts`,
];
const NAMES = ["mail.example", "a.lab.example", "b.lab.example", "nas.local", "xn--bcher-kva.example"];
const ADDRESSES = [
  "127.0.0.1",
  "192.168.1.7",
  "10.1.2.3",
  "192.0.2.255",
  "8.8.8.8",
  "169.254.169.254",
  "0.0.0.0",
  "255.255.255.255",
  "239.1.2.3",
  "[::1]",
  "[2001:db8::7]",
  "[fe80::1%eth0]",
];
const PORTS = [25, 443];
const PATHS = ["/run/x.sock", `/run/${"\u00fc".repeat(45)}`];
const PIN = "#spki=" + "c4".repeat(32);
const LONG_TEXTS = ["main.ts", LONG, 'a "quoted" \\ text', "\ud800 half a pair", ""];

const often = <T>(usual: T, ...others: T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...others) });
const hash = fc.constantFrom(null, "a1".repeat(32), "b2".repeat(32));
const nullable = <T>(given: fc.Arbitrary<T>, weight: number): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(null) }, { weight, arbitrary: given });
const text = fc.oneof(fc.constantFrom(...LONG_TEXTS), fc.string({ unit: "binary" }));
const textOrNull = fc.oneof({ weight: 12, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: text });
const host = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...NAMES) },
  { weight: 1, arbitrary: fc.constantFrom(...ADDRESSES, "localhost") },
);
const port = fc.constantFrom(...PORTS);

function destinationText(scheme: Scheme): fc.Arbitrary<string> {
  if (scheme === "unix" || scheme === "listen+unix") return fc.constantFrom(...PATHS).map((at) => `${scheme}://${at}`);
  const pin = scheme === "tls" || scheme === "tcp" ? often("", PIN) : fc.constant("");
  return fc.tuple(host, port, pin).map(([name, number, key]) => `${scheme}://${name}:${number}${key}`);
}

const SCHEMES = ["tcp", "tls", "udp", "unix", "listen", "listen+udp", "listen+unix", "udp-peers", "multicast"] as const;
const scheme = fc.oneof(
  { weight: 3, arbitrary: fc.constant("tcp" as const) },
  { weight: 2, arbitrary: fc.constantFrom(...SCHEMES) },
);

const patternText = scheme.chain((name) =>
  name === "unix" || name === "listen+unix" ? destinationText(name) : fc.oneof(
    destinationText(name),
    fc.tuple(
      fc.constantFrom("*", "*.lab.example", "10.0.0.0/8", "0.0.0.0/0", "[2001:db8::/32]", ...NAMES),
      fc.constantFrom("*", "25-1000", "443"),
    ).map(([where, ports]) => `${name}://${where}:${ports}`),
  )
);

const rule: fc.Arbitrary<Omit<Rule, "id">> = fc.record({
  author: fc.constantFrom<RuleAuthor>("managed", "flag", "operator"),
  effect: often<"allow" | "deny">("allow", "deny"),
  pattern: fc.oneof({ weight: 12, arbitrary: patternText }, { weight: 1, arbitrary: fc.constant(null) }),
  whole: fc.constantFrom<FeatureName>(...FEATURES.keys()),
  origins: nullable(fc.subarray(ORIGINS, { minLength: 1, maxLength: 3 }), 6),
  addresses: fc.constantFrom([], ["192.168.1.0/24"]),
  skipCors: fc.boolean(),
  untilMs: often<number | null>(null, NOW_MS - 1, NOW_MS, NOW_MS + 1),
}).map(({ pattern, whole, addresses, ...rest }) => {
  const to = pattern === null ? null : parseDestinationPattern(pattern, { wildcards: true });
  const feature = to === null ? whole : featureOfScheme(to.scheme);
  return { ...rest, to, feature, addresses: addresses.map((block) => parseAddressBlock(block)!) };
});

const policy = fc.record({
  rules: fc.array(rule, { maxLength: 10 }),
  settings: fc.record({ prompt: often(true, false), locked: often(false, true), auditOnly: often(false, true) }),
  broken: fc.oneof(
    { weight: 12, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.constant(["operator" as const]) },
  ),
}).map(({ rules, settings, broken }) =>
  new Policy({
    rules: rules.map((one, index) =>
      Object.freeze({ ...one, id: `${one.author}-${LONG.slice(0, index * 30)}#${index}` })
    ),
    settings: { ...DEFAULT_SETTINGS, ...settings },
    broken,
  })
);

const tls = fc.record({
  mode: fc.constantFrom("open" as const, "upgrade" as const),
  serverName: fc.constantFrom(...NAMES, "localhost"),
  caSha256: hash,
  clientCertSha256: hash,
  required: fc.boolean(),
});

const via = fc.record({
  protocol: fc.constantFrom("socks5" as const, "http" as const),
  destination: destinationText("tcp").map(parseDestination),
  remoteDns: fc.boolean(),
});

const connect: fc.Arbitrary<Descriptor> = fc.record({
  destination: fc.oneof(
    {
      weight: 8,
      arbitrary: fc.constantFrom("tcp", "tls", "udp", "unix").chain((name) => destinationText(name as Scheme)),
    },
    { weight: 1, arbitrary: fc.constant(null) },
  ),
  tls: nullable(tls, 2),
  via: nullable(via, 1),
  broadcast: often(false, true),
}).map(({ destination: written, ...rest }) => {
  const destination = written === null ? null : parseDestination(written);
  const transport = destination?.scheme === "udp" || destination?.scheme === "unix" ? destination.scheme : "tcp";
  const ownName = rest.tls === null || destination === null || rest.tls.mode === "upgrade"
    ? rest.tls
    : { ...rest.tls, serverName: destination.host.text };
  return connectDescriptor({ ...rest, destination, tls: ownName, transport, port: destination?.port ?? 25 });
});

const listen: fc.Arbitrary<Descriptor> = fc.constantFrom("listen", "listen+udp", "listen+unix")
  .chain((name) => destinationText(name as Scheme)).map((written) => {
    const destination = parseDestination(written);
    const { scheme: name } = destination;
    const transport = name === "listen" ? "tcp" as const : name === "listen+udp" ? "udp" as const : "unix" as const;
    return { name: "listen" as const, transport, destination, port: destination.port, tls: null };
  });

const peers: fc.Arbitrary<Descriptor> = destinationText("udp-peers").map(parseDestination).map((destination) => ({
  name: "udp-peers",
  transport: "udp",
  destination,
  port: destination.port,
  tls: null,
}));

const group: fc.Arbitrary<Descriptor> = fc.record({
  destination: destinationText("multicast").map(parseDestination),
  source: fc.constantFrom(null, "192.0.2.9"),
}).map(({ destination, source }) => ({
  name: "direct-sockets-multicast",
  transport: "udp",
  destination,
  port: destination.port,
  source,
  tls: null,
}));

const requester: fc.Arbitrary<Requester> = fc.record({
  origin: fc.constantFrom(...ORIGINS),
  kind: fc.constantFrom("file" as const, "remote" as const, "package" as const, "opaque" as const),
  role: fc.constantFrom("program" as const, "library" as const, "worker" as const, "command" as const),
  evidence: fc.constantFrom("claimed" as const, "launcher" as const),
  insecure: textOrNull,
  rememberable: fc.boolean(),
  mainSha256: hash,
  lockSha256: hash,
  pid: fc.integer({ min: 0, max: 4_194_304 }),
  inside: fc.constantFrom(...ORIGINS),
}).map((given) => ({ ...given, schema: REQUESTER_SCHEMA, modules: [] }));

const facts: fc.Arbitrary<DecisionFacts> = fc.record({
  insecure: textOrNull,
  context: often<DecisionFacts["context"]>("allowed", "worker", "second-copy", "not-delegated", "ambient-off"),
  restricted: fc.oneof({ weight: 12, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  runtime: often<DecisionFacts["runtime"]>("granted", "prompt", "denied"),
  stored: nullable(
    fc.record({
      effect: often<"allow" | "deny">("allow", "deny"),
      lifetime: fc.constantFrom("run" as const, "always" as const),
      id: text,
      changed: textOrNull,
    }),
    6,
  ),
  limited: often(false, true),
  blocked: often(false, true),
  timeMs: fc.oneof(
    { weight: 3, arbitrary: fc.constant(NOW_MS) },
    { weight: 1, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true, min: 0, max: 8e15 }) },
  ),
});

const descriptor = fc.oneof(
  { weight: 6, arbitrary: connect },
  { weight: 2, arbitrary: listen },
  { weight: 1, arbitrary: peers },
  { weight: 1, arbitrary: group },
);

/**
 * Cases by chance.
 *
 * @param requests How many requests stand under one policy.
 */
export function auditCases(requests: number): fc.Arbitrary<AuditCase> {
  const request = fc.record({ requester, descriptor, facts });
  return fc.record({ policy, requests: fc.array(request, { minLength: requests, maxLength: requests }) });
}
