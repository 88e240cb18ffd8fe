/** The port through which the broker puts a question to the operator. */
import type { Descriptor } from "./descriptor.ts";
import type { PeerKeyFacts } from "./pins/peer_key_facts.ts";
import type { Requester } from "./requester.ts";

/** A question, made from the request's canonical fields only. */
export interface Question {
  /** Running number within the process, shown in the prompt so that an answer cannot be mistaken for another's. */
  readonly number: number;
  /** Who asks. */
  readonly requester: Requester;
  /** For what. */
  readonly descriptor: Descriptor;
  /** The durations that may be chosen. `parley connect` and screens offer `once` only. */
  readonly lifetimes: readonly Lifetime[];
  /** Why a plain `y` is not enough, or null: then the operator types a random word instead (CON-10). */
  readonly risk: Risk | null;
  /** Text that the program supplied about why it asks, shown as its claim; or null. */
  readonly claim: string | null;
  /** The file of the program that changed since the request was approved for good (CON-18); or null. */
  readonly changed: string | null;
  /** Whether somebody read the code that asks, so that a remembered answer is bound to it as it is (CON-18). */
  readonly pinsCode: boolean;
  /** Whether the runtime will ask the operator too, after a yes here. */
  readonly runtimeAsksToo: boolean;
  /** How to approve the same request without a question, ready to be copied; or null where there is no such way. */
  readonly preapprove: string | null;
  /** The key of the far end that the question is about, which nobody vouches for (CON-05); null for any other question. */
  readonly peerKey: PeerKeyFacts | null;
}

/** How long an answer holds: one open to close, until the process ends, or until it is taken back. */
export type Lifetime = "once" | "run" | "always";

/** What makes a request more dangerous than most. */
export type Risk =
  /** The destination is this machine. */
  | "loopback"
  /** The destination is on a private or link-local network. */
  | "private"
  /** The destination answers with the credentials of a cloud machine. */
  | "metadata"
  /** The destination is a socket in the file system: another program of this machine. */
  | "local-service"
  /** A proxy decides which machine a name leads to. */
  | "remote-dns"
  /** Every machine on a network receives it. */
  | "broadcast"
  /** A group of machines receives it, and whoever sends to the group is heard. */
  | "multicast"
  /** Other programs on this machine can connect. */
  | "listen-local"
  /** Machines on the network of that address can connect. */
  | "listen-network"
  /** Anyone who can reach this machine can connect. */
  | "listen-any"
  /** Any machine on the Internet can be written to. */
  | "udp-peers"
  /** The name can be taken for another: letters of one alphabet that look like those of another. */
  | "look-alike"
  /** Nobody whom the operator trusts vouches for the key. */
  | "new-key";

/** What the operator said, or why no answer came. */
export type Answer =
  | {
    readonly kind: "allow";
    readonly lifetime: Lifetime;
    /** The host the operator typed, canonical, for a question without a destination; else null. */
    readonly host: string | null;
  }
  | { readonly kind: "deny"; readonly reason: DenyReason };

/** Why no permission came of a question. */
export type DenyReason =
  /** The operator said no: by a key, Enter alone, a wrong word, or Ctrl-D. */
  | "refused"
  /** There is no terminal, or CI is set. */
  | "no-terminal"
  /** The question went away: abort signal, Ctrl-C, hang-up, or the terminal could not be made safe. */
  | "aborted"
  /** Too many questions wait already. */
  | "queue-full"
  /** No act of the operator preceded the question (NET-11). */
  | "no-act";

/** Whoever can put questions to the operator. */
export interface Prompter {
  /**
   * Puts one question. Never rejects, never throws.
   *
   * @param question The question.
   * @param signal Withdraws it: the answer is then a denial with reason `aborted`.
   */
  ask(question: Question, signal: AbortSignal): Promise<Answer>;
  /**
   * Tells when the operator can no longer be where the answers were given: the terminal hung up, or the multiplexer around it
   * was detached (CON-23). Within a second; called once for each time. Watching does not hold the process open.
   *
   * @param callback Is told what happened, in words for the log.
   * @returns The way to stop watching.
   */
  onGone?(callback: (reason: string) => void): () => void;
}

/** The prompter for processes without an operator: every answer is no. */
export const denyPrompter: Prompter = Object.freeze({
  ask(): Promise<Answer> {
    return Promise.resolve({ kind: "deny", reason: "no-terminal" });
  },
});
