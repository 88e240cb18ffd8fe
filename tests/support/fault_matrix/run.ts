/**
 * One run of the fault matrix: a client, a peer and a network between them on which things go wrong, all drawn from one
 * seed, and nothing waited for: time is turned until everything is done, or nothing is left that could happen.
 */
import type { ManualClock } from "../../../core/manual_clock.ts";
import type { ByteLink } from "../../../net/port.ts";
import { SeededRandom } from "../../../runtime/memory/seeded_random.ts";
import { type Connection, createWorld, PEER_PORT, type World } from "./client.ts";
import { Pace } from "./pace.ts";
import { PEER_HOST, servePeer, UPGRADE_ANSWER, UPGRADE_REQUEST } from "./peer.ts";
import { type Client, runProgram } from "./programs.ts";
import { drawScenario, type Scenario } from "./scenario.ts";
import { Traffic } from "./traffic.ts";
import { judge, type RunOutcome } from "./verdict.ts";

/** What came of a run. */
export interface RunReport {
  /** With it, the run happens again. */
  readonly seed: number;
  /** What must not be; empty when all is well. */
  readonly problems: readonly string[];
  /** What happened, in a few lines. */
  readonly story: string;
}

const PEER_ADDRESS = "93.184.215.14";
/** Where a peer's bytes begin that are not the client's own coming back. */
const DOWN_BASE = 500_000;
/** The first step of the clock; each further one is longer by half. */
const FIRST_STEP_MS = 8;
/** By then every deadline is long over. */
const END_OF_TIME_MS = 3_600_000;
/** Turns of the event loop for what the program left to a timer of the runtime. */
const LAST_TURNS = 5;

/**
 * Makes a run.
 *
 * @param seed Of all that is left to chance.
 */
export async function runScenario(seed: number): Promise<RunReport> {
  const scenario = drawScenario(seed);
  const outcome = await new Run(scenario).outcome();
  const { up, down, failures } = outcome;
  const story = [
    JSON.stringify(scenario),
    `${up}`,
    `${down}`,
    ...failures.map((error) => `the client was told: ${error}`),
  ].join("\n");
  return { seed, problems: judge(outcome), story };
}

class Run {
  readonly #scenario: Scenario;
  readonly #world: World;
  readonly #pace: Pace;
  readonly #up: Traffic;
  readonly #down: Traffic;
  readonly #failures: unknown[] = [];
  readonly #reason = new Error("the client's own reason");
  readonly #breaker = new AbortController();
  readonly #unfinished = new Set<string>();
  #links = 0;
  #released = 0;

  constructor(scenario: Scenario) {
    const { program, peer } = scenario;
    this.#scenario = scenario;
    this.#world = createWorld(scenario);
    const random = new SeededRandom(scenario.seed).fork();
    this.#pace = new Pace(random, this.#world.clock, scenario.longestMs);
    this.#up = new Traffic("upload", 0);
    this.#down = new Traffic("download", peer === "echo" || program === "pipe" ? 0 : DOWN_BASE);
  }

  async outcome(): Promise<RunOutcome> {
    const { clock } = this.#world;
    this.#serve();
    void this.#party("the client", () => this.#client(this.#pace.fork())).catch((error) => this.#failures.push(error));
    await drain(clock, () => this.#unfinished.size === 0);
    return {
      scenario: this.#scenario,
      up: this.#up,
      down: this.#down,
      failures: this.#failures,
      reason: this.#reason,
      hanging: [...this.#unfinished],
      unreleased: this.#links - this.#released,
      pendingTimers: clock.pendingTimers,
    };
  }

  #serve(): void {
    const { network } = this.#world;
    const pace = this.#pace.fork();
    network.addName(PEER_HOST, PEER_ADDRESS);
    network.listen({ address: PEER_ADDRESS, port: PEER_PORT }, (link) => {
      const init = { scenario: this.#scenario, pace, up: this.#up, down: this.#down };
      return this.#party("the peer", () => servePeer(link, init));
    });
    const connect = network.connect.bind(network);
    network.connect = async (...args) => this.#watch(await connect(...args));
  }

  /** Counts the connection, and its release once. */
  #watch(link: ByteLink): ByteLink {
    this.#links++;
    let over = false;
    const release = (end: () => void): void => {
      if (!over) this.#released++;
      over = true;
      end();
    };
    const [close, reset] = [link.close.bind(link), link.reset.bind(link)];
    return Object.assign(link, { close: () => release(close), reset: () => release(reset) });
  }

  async #party(name: string, play: () => Promise<void>): Promise<void> {
    this.#unfinished.add(name);
    try {
      await play();
    } finally {
      this.#unfinished.delete(name);
    }
  }

  async #client(pace: Pace): Promise<void> {
    const opened = await this.#world.open(this.#breaker.signal);
    const connection = this.#scenario.tls === "starttls" ? await this.#upgraded(opened) : opened;
    if (connection === null) return;
    const client: Client = {
      scenario: this.#scenario,
      pace,
      connection,
      up: this.#up,
      down: this.#down,
      failures: this.#failures,
      reason: this.#reason,
      breakOff: () => this.#breaker.abort(this.#reason),
      revoke: () => this.#world.revoke(),
    };
    await runProgram(client);
  }

  /** Holds the dialogue before TLS; null when that fails, and everything is over then. */
  async #upgraded(connection: Connection): Promise<Connection | null> {
    const { readable, writable } = connection;
    const writer = writable.getWriter();
    const reader = readable.getReader({ mode: "byob" });
    try {
      await writer.write(new TextEncoder().encode(UPGRADE_REQUEST));
      // No more than the answer: what comes after it must not come in plaintext.
      const { value } = await reader.read(new Uint8Array(UPGRADE_ANSWER.length), { min: UPGRADE_ANSWER.length });
      if (new TextDecoder().decode(value) !== UPGRADE_ANSWER) throw this.#reason;
      writer.releaseLock();
      reader.releaseLock();
      return await (connection.startTls as () => Promise<Connection>)();
    } catch (error) {
      if (error !== this.#reason) this.#failures.push(error);
      writer.releaseLock();
      reader.releaseLock();
      await connection.close().catch((late) => this.#failures.push(late));
      await connection.closed.catch((late) => this.#failures.push(late));
      return null;
    }
  }
}

/**
 * Turns the clock until all is done, or nothing is left that could happen.
 *
 * @param clock Of the run.
 * @param isDone Whether all is done.
 */
async function drain(clock: ManualClock, isDone: () => boolean): Promise<void> {
  let idleTurns = 0;
  for (let stepMs = FIRST_STEP_MS; clock.monotonicMs() < END_OF_TIME_MS && idleTurns < LAST_TURNS; stepMs *= 1.5) {
    await clock.advance(0);
    if (isDone()) return;
    idleTurns = clock.pendingTimers === 0 ? idleTurns + 1 : 0;
    if (idleTurns === 0) await clock.advance(Math.ceil(stepMs));
  }
}
