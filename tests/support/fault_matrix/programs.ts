/**
 * What the client of a run does with its connection. Each program ends with both directions over, one way or another; a
 * failure of one part keeps no other part from its end.
 */
import type { Connection } from "./client.ts";
import type { Pace } from "./pace.ts";
import { Reading } from "./reading.ts";
import type { ProgramName, Scenario } from "./scenario.ts";
import type { Traffic } from "./traffic.ts";
import { Writing } from "./writing.ts";

/** What a program works with. */
export interface Client {
  readonly scenario: Scenario;
  readonly pace: Pace;
  readonly connection: Connection;
  readonly up: Traffic;
  readonly down: Traffic;
  /** Whatever fails is told here. */
  readonly failures: unknown[];
  /** What the client itself gives as the reason to cancel, abort or break off. */
  readonly reason: Error;
  /** Breaks the connection off by its signal. */
  breakOff(): void;
  /** Takes the approval back. */
  revoke(): void;
}

/** What of a run a program leaves to go its way: only that can be expected to arrive in whole. */
export interface Promised {
  /** The client reads to the end. */
  readonly down: boolean;
  /** The client writes to the end. */
  readonly up: boolean;
}

interface Program {
  readonly promised: Promised;
  run(client: Parts): Promise<void>;
}

interface Parts extends Client {
  readonly reading: Reading;
  readonly writing: Writing;
}

/** Everything that programs do. */
const PROGRAMS: Readonly<Record<ProgramName, Program>> = {
  both: {
    promised: { down: true, up: true },
    run: (parts) => together(parts, () => parts.reading.until(), () => writeAll(parts)),
  },
  "ping-pong": {
    promised: { down: true, up: true },
    run: (parts) =>
      together(parts, async () => {
        const { reading, writing, scenario, pace, up } = parts;
        while (up.sent < scenario.upBytes) {
          await writing.until(Math.min(scenario.upBytes, up.sent + Math.min(10_000, pace.size(scenario.upBytes))));
          await reading.until(up.sent);
        }
        await writing.close();
        await reading.until();
      }),
  },
  "half-close": {
    promised: { down: true, up: true },
    run: (parts) =>
      together(parts, async () => {
        await writeAll(parts);
        await parts.reading.until();
      }),
  },
  cancel: {
    promised: { down: false, up: true },
    run: (parts) =>
      together(parts, async () => {
        const { reading, scenario, pace, reason } = parts;
        await reading.until(pace.random.integer(0, scenario.downBytes));
        const under = pace.random.chance(0.5) ? reading.next(scenario.downBytes + 1) : Promise.resolve();
        await pace.idle();
        await Promise.all([under, reading.cancel(reason)]);
      }, () => writeAll(parts)),
  },
  abort: {
    promised: { down: true, up: false },
    run: (parts) => {
      const { reading, writing, scenario, pace, reason } = parts;
      // The abort comes while writes are under way, or after the last.
      const stop = async (): Promise<void> => {
        await pace.moment();
        await pace.idle();
        await writing.abort(reason);
      };
      return together(parts, () => reading.until(), () => writing.until(scenario.upBytes), stop);
    },
  },
  close: {
    promised: { down: false, up: false },
    run: (parts) =>
      together(parts, ...someOf(parts), async () => {
        await parts.pace.moment();
        await parts.pace.idle();
        await closeAnyway(parts);
      }),
  },
  signal: {
    promised: { down: false, up: false },
    run: (parts) =>
      together(parts, ...someOf(parts), async () => {
        await parts.pace.moment();
        parts.breakOff();
      }),
  },
  revoke: {
    promised: { down: false, up: false },
    run: (parts) =>
      together(parts, ...someOf(parts), async () => {
        await parts.pace.moment();
        parts.revoke();
      }),
  },
  pipe: { promised: { down: true, up: true }, run: pipe },
  untouched: {
    promised: { down: false, up: false },
    run: async ({ reading, writing, pace }) => {
      reading.giveUp();
      writing.giveUp();
      await pace.moment();
    },
  },
};

/** What a program leaves to go its way. */
export function promisedBy(name: ProgramName): Promised {
  return PROGRAMS[name].promised;
}

/**
 * Runs a program, and closes the connection unless the program has brought it to its end.
 *
 * @param client What with.
 */
export async function runProgram(client: Client): Promise<void> {
  const { scenario, connection, pace, up, down } = client;
  const reading = new Reading({
    stream: connection.readable,
    traffic: down,
    pace: pace.fork(),
    style: scenario.reading,
    isOpen: connection.isOpen,
  });
  const writing = new Writing({
    stream: connection.writable,
    traffic: up,
    pace: pace.fork(),
    copied: scenario.face === "direct",
  });
  const parts: Parts = { ...client, reading, writing };
  await PROGRAMS[scenario.program].run(parts);
  reading.giveUp();
  writing.giveUp();
  if (!endsAlone(parts) || pace.random.chance(0.3)) await attempt(client, () => connection.close());
  await attempt(client, () => connection.closed);
}

/** Whether `closed` must settle now without another word. */
function endsAlone({ scenario, reading, writing }: Parts): boolean {
  const { program, face, allowHalfOpen } = scenario;
  if (reading.state === "failed") return true;
  // The WinterTC text lets half-open streams end without the socket.
  if (face === "wintertc" && (allowHalfOpen || reading.state !== "ended")) return false;
  return program === "pipe" || (reading.state !== "open" && writing.state !== "open");
}

async function writeAll({ writing, scenario }: Parts): Promise<void> {
  await writing.until(scenario.upBytes);
  await writing.close();
}

/** What goes on while something else ends it: reads and writes, or one of them, or nothing. */
function someOf(parts: Parts): (() => Promise<void>)[] {
  const all = [() => parts.reading.until(), () => writeAll(parts)];
  return all.filter(() => parts.pace.random.chance(0.8));
}

async function closeAnyway({ connection, reading, writing, pace }: Parts): Promise<void> {
  if (connection.closeLocked !== null && pace.random.chance(0.5)) {
    await connection.closeLocked();
    return;
  }
  reading.giveUp();
  writing.giveUp();
  await connection.close();
}

async function pipe({ connection, reading, writing, up, down, failures }: Parts): Promise<void> {
  reading.release();
  writing.release();
  const counting = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      down.take(chunk);
      up.sent += chunk.byteLength;
      controller.enqueue(chunk);
    },
  });
  try {
    await both(connection.readable.pipeTo(counting.writable), counting.readable.pipeTo(connection.writable));
    down.ended = connection.isOpen();
    up.finished = true;
    up.accepted = up.sent;
  } catch (error) {
    failures.push(error);
  }
}

/** Waits for both, and then fails as the first that failed: a pipe that fails still has to let go of its streams. */
async function both(one: Promise<void>, other: Promise<void>): Promise<void> {
  for (const outcome of await Promise.allSettled([one, other])) {
    if (outcome.status === "rejected") throw outcome.reason;
  }
}

/** Does several things at once; each failure is told, and ends nothing but its own part. */
async function together(client: Client, ...parts: (() => Promise<void>)[]): Promise<void> {
  await Promise.all(parts.map((part) => attempt(client, part)));
}

async function attempt({ failures }: Client, part: () => Promise<unknown>): Promise<void> {
  try {
    await part();
  } catch (error) {
    failures.push(error);
  }
}
