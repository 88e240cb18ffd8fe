/** The tasks that exchange datagrams with the peer. */
import { type BenchDatagrams, DATAGRAM_BYTES, type DatagramContestant } from "../contestant.ts";
import type { ClientOrder } from "../plan.ts";
import { type Activity, measureOften, measureOnce } from "./measure.ts";

/** Datagrams that are sent without waiting. */
const SENT_AT_ONCE = 64;
/** Datagrams that the peer sends for one request. */
const BURST = 32;
/** Requests under way: what they bring fits into the system's usual buffer, so that nothing is lost in it. */
const REQUESTS = 3;
/** A request whose datagrams were lost nevertheless is made again after this. */
const LOST_MS = 500;
const ECHO_BYTES = 64;

/** Prepares a task over datagrams. */
export async function datagramActivity(contestant: DatagramContestant, { task, port }: ClientOrder): Promise<Activity> {
  const arrivals = new Arrivals();
  const way = task === "udp-write" || task === "udp-read" ? "streams" : "calls";
  const open = await contestant.open(port, way, () => arrivals.add());
  // Once the peer has answered, Parley does not hold back what it is sent (NET-27).
  const message = new Uint8Array(ECHO_BYTES);
  const echo = async (): Promise<void> => {
    await open.send(message, 1);
    await arrivals.wait(1, () => void open.send(message, 1));
  };
  await echo();
  if (task === "udp-echo") return { run: (timeMs) => measureOften(echo, { timeMs }) };
  const work = task === "udp-send" || task === "udp-write" ? transmit : receive;
  return { run: (count) => measureOnce(() => work(open, count, arrivals)) };
}

async function transmit(open: BenchDatagrams, count: number): Promise<void> {
  const bytes = new Uint8Array(DATAGRAM_BYTES);
  for (let sent = 0; sent < count; sent += SENT_AT_ONCE) await open.send(bytes, SENT_AT_ONCE);
}

async function receive(open: BenchDatagrams, count: number, arrivals: Arrivals): Promise<void> {
  const request = new TextEncoder().encode(`burst ${BURST}`);
  const ask = (): void => void open.send(request, 1);
  for (let asked = 0; asked < REQUESTS; asked++) ask();
  for (let received = 0; received < count; received += BURST) {
    await arrivals.wait(BURST, ask);
    if (received + REQUESTS * BURST < count) ask();
  }
}

/** Counts what arrives, for one who waits. */
class Arrivals {
  #count = 0;
  #wanted = Infinity;
  #resolve: () => void = () => {};

  add(): void {
    if (++this.#count >= this.#wanted) this.#enough();
  }

  /** Waits for so many; calls back when none has come for a while. */
  async wait(count: number, onLost: () => void): Promise<void> {
    const arrived = new Promise<void>((resolve) => this.#resolve = resolve);
    this.#wanted = count;
    if (this.#count >= count) this.#enough();
    const timer = setInterval(onLost, LOST_MS);
    await arrived;
    clearInterval(timer);
  }

  #enough(): void {
    this.#count -= this.#wanted;
    this.#wanted = Infinity;
    this.#resolve();
  }
}
