/** What happens in one run of the fault matrix: drawn from its seed, so that the seed is all one needs to see it again. */
import type { FaultOptions } from "../../../runtime/memory/faults.ts";
import { SeededRandom } from "../../../runtime/memory/seeded_random.ts";

/** The interfaces that connections are opened by. */
export type FaceName = "raw" | "direct" | "wintertc";

/** What the client does; see `programs.ts`. */
export type ProgramName =
  | "both"
  | "ping-pong"
  | "half-close"
  | "cancel"
  | "abort"
  | "close"
  | "signal"
  | "revoke"
  | "pipe"
  | "untouched";

/** What the other side does; see `peer.ts`. */
export type PeerName = "echo" | "duplex" | "answer" | "hang-up";

/** One run. */
export interface Scenario {
  /** Everything else follows from it. */
  readonly seed: number;
  readonly face: FaceName;
  readonly program: ProgramName;
  readonly peer: PeerName;
  /** When TLS begins. */
  readonly tls: "off" | "on" | "starttls";
  /** Plaintext comes before the handshake of an upgrade, as from an attacker. */
  readonly injected: boolean;
  /** Of the WinterTC face. */
  readonly allowHalfOpen: boolean;
  /** What the client sends, and what a peer sends that does not echo. */
  readonly upBytes: number;
  readonly downBytes: number;
  /** How the client reads: by chunks, into buffers of its own, or now this and now that. */
  readonly reading: "chunks" | "byob" | "mixed";
  readonly faults: FaultOptions;
  /** The longest pause that a party makes on its own account. */
  readonly longestMs: number;
}

const PEERS: Readonly<Record<ProgramName, readonly PeerName[]>> = {
  both: ["echo", "duplex", "answer", "hang-up"],
  "ping-pong": ["echo"],
  "half-close": ["answer"],
  cancel: ["duplex"],
  abort: ["duplex", "echo"],
  close: ["echo", "duplex", "answer", "hang-up"],
  signal: ["echo", "duplex", "answer", "hang-up"],
  revoke: ["echo", "duplex", "answer", "hang-up"],
  pipe: ["duplex"],
  untouched: ["duplex"],
};
/** The draft of Direct Sockets knows no signal. */
const PROGRAMS: readonly ProgramName[] = Object.keys(PEERS) as ProgramName[];
const UNDELAYED = [0, 0] as const;

/**
 * Draws a run.
 *
 * @param seed Of the run, and of its faults.
 */
export function drawScenario(seed: number): Scenario {
  const random = new SeededRandom(seed);
  const face = random.pick<FaceName>(["raw", "direct", "wintertc"]);
  const program = random.pick(PROGRAMS.filter((name) => face !== "direct" || name !== "signal"));
  const tls = face === "direct" ? "off" : random.pick(["off", "off", "on", "starttls", "starttls"] as const);
  const wires = { split: drawSplit(random), delayMs: drawDelay(random) };
  const most = mostBytes(wires);
  const [upBytes, downBytes] = [drawBytes(random, most), drawBytes(random, most)];
  const faults: FaultOptions = { seed, ...wires, ...drawBreaks(random, upBytes + downBytes) };
  return {
    seed,
    face,
    program,
    peer: random.pick(PEERS[program]),
    tls,
    injected: tls === "starttls" && random.chance(0.15),
    allowHalfOpen: random.chance(0.7),
    upBytes,
    downBytes,
    reading: random.pick(["chunks", "byob", "mixed", "mixed"]),
    faults,
    longestMs: random.pick([1, 3, 30]),
  };
}

/** Whether anything may end the connection before its parties do. */
export function isTroubled({ faults, injected }: Scenario): boolean {
  const { reset = 0, finish = 0, refuse = 0, blackhole = 0, lookupFailure = 0 } = faults;
  return injected || reset + finish + refuse + blackhole + lookupFailure > 0;
}

function drawSplit(random: SeededRandom): boolean | number {
  return random.pick([false, false, true, true, 1, random.integer(2, 64), random.integer(100, 5000)]);
}

function drawDelay(random: SeededRandom): readonly [number, number] {
  return random.pick([UNDELAYED, UNDELAYED, [0, 2], [0, 20], [1, 5]] as const);
}

/** As much as passes in a hundred pieces or so; several pipes full where nothing holds it up. */
function mostBytes({ split, delayMs }: { split: boolean | number; delayMs: readonly [number, number] }): number {
  const pieces = delayMs[1] > 0 ? 40 : 200;
  const piece = split === false ? 2000 : split === true ? 200 : split / 2;
  return Math.ceil(pieces * Math.min(piece, 2000));
}

function drawBytes(random: SeededRandom, most: number): number {
  return random.chance(0.05) ? 0 : random.integer(1, random.chance(0.5) ? most : Math.ceil(most / 20));
}

function drawBreaks(random: SeededRandom, bytes: number): FaultOptions {
  const now = (probability: number): number => Number(random.chance(probability));
  return {
    reset: now(0.3),
    finish: now(0.15),
    lookupFailure: now(0.02),
    refuse: now(0.02),
    blackhole: now(0.02),
    afterBytes: [0, random.pick([0, 10, 300, bytes, Math.ceil(bytes * 1.5)])],
  };
}
