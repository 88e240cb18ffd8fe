/** Questions for the tests of this folder. */
import { canonicalHost } from "../../core/host.ts";
import { makeDestination } from "../../core/destination.ts";
import { connectDescriptor, type TlsClaims } from "../descriptor.ts";
import { mainRequester } from "../main_requester.ts";
import type { PeerKeyFacts } from "../pins/peer_key_facts.ts";
import type { Lifetime, Question } from "../prompter.ts";
import type { Requester } from "../requester.ts";
import { riskOfHost } from "../risk.ts";

/** What differs from a plain question about `mail.example` port 25. */
export interface TestQuestionOptions {
  /** The host, or null for a question that leaves it to the operator. */
  readonly host?: string | null;
  /** The port. */
  readonly port?: number;
  /** TLS terms. */
  readonly tls?: Partial<TlsClaims> | null;
  /** The pinned key. */
  readonly spki?: string;
  /** The number. */
  readonly number?: number;
  /** The durations offered. */
  readonly lifetimes?: readonly Lifetime[];
  /** The program's words. */
  readonly claim?: string | null;
  /** Differences in the requester. */
  readonly requester?: Partial<Requester>;
  /** Whether the runtime asks too. */
  readonly runtimeAsksToo?: boolean;
  /** The file that changed since. */
  readonly changed?: string;
  /** Whether an answer is bound to the code. */
  readonly pinsCode?: boolean;
  /** The way to approve in advance. */
  readonly preapprove?: string | null;
  /** The key that it is about. */
  readonly peerKey?: PeerKeyFacts | null;
}

/** Makes a question. */
export function testQuestion(options: TestQuestionOptions = {}): Question {
  const { host: name = "mail.example", port = 25, tls = null } = options;
  const host = name === null ? null : canonicalHost(name);
  const terms: TlsClaims | null = tls === null ? null : {
    mode: "open",
    serverName: host?.text ?? "",
    caSha256: null,
    clientCertSha256: null,
    required: true,
    ...tls,
  };
  const scheme = terms?.mode === "open" ? "tls" : "tcp";
  return {
    changed: options.changed ?? null,
    pinsCode: options.pinsCode ?? false,
    number: options.number ?? 1,
    requester: { ...mainRequester("file:///home/ann/mailer/main.ts", 4242), ...options.requester },
    descriptor: connectDescriptor({
      destination: host === null ? null : makeDestination({ scheme, host, port, spki: options.spki ?? null }),
      port,
      tls: terms,
    }),
    lifetimes: options.lifetimes ?? ["once", "run"],
    risk: host === null ? null : riskOfHost(host),
    claim: options.claim ?? null,
    runtimeAsksToo: options.runtimeAsksToo ?? false,
    preapprove: options.preapprove === undefined ? `PARLEY_ALLOW=${name}:${port}` : options.preapprove,
    peerKey: options.peerKey ?? null,
  };
}
