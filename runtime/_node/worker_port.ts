/**
 * Connections between the main realm and Workers, through `node:worker_threads` on all three runtimes: there a port tells of its
 * other end's end.
 *
 * A Worker of the web's kind, and each on Deno, is handed its port by a message that Parley takes before the program sees it;
 * messages are lost while a Worker still loads, so it is handed ports until it answers on one.
 * A Worker of `node:worker_threads` on Node and Bun asks for it by a message between threads: to listen at its
 * `parentPort` would keep it alive, or let it end under the program.
 */
import process from "node:process";
import timers from "node:timers";
import threads from "node:worker_threads";
import type { RealmBackend, RealmPort } from "../../permissions/delegation/realm_port.ts";
import { keepAlive, ThreadPort } from "./worker_port_end.ts";

// Taken at load, so that code loaded later cannot replace them (CORE-01).
const { MessageChannel: NodeChannel, Worker: NodeWorker } = threads;
/** Not everywhere in the types: it is newer than they are. */
const { postMessageToThread } = threads as unknown as {
  postMessageToThread(threadId: number, message: unknown, transfer: readonly unknown[]): Promise<void>;
};
const { setTimeout: after, clearTimeout: cancel } = timers;
const WebWorker = (globalThis as { readonly Worker?: new (url: string) => object }).Worker;
const { hasOwn } = Object;

type Port = threads.MessagePort;

/** The name by which the port stands in a message. */
const MARK = "@parley/parley port";
/** How long a Worker waits for its port, from the moment that it loads Parley. */
const GRACE_MS = 1_000;
/** After this time nothing is under way any more that was sent before an answer arrived. */
const SETTLED_MS = 100;
const RETRY_MS = 20;
const MAX_RETRY_MS = 500;
/** As many as fit into about five seconds: a Worker has loaded its modules by then. */
const OFFERS = 20;
const MAIN_THREAD = 0;

/** How the runtime's Workers get their ports. */
export interface WorkerFacts {
  /** Whether this code runs in a Worker. */
  readonly inWorker: boolean;
  /** Whether a Worker of `node:worker_threads` asks for its port. */
  readonly asks: boolean;
  /** Whether listening for messages makes no difference to how long a Worker lives. */
  readonly listensForever: boolean;
}

/**
 * Makes the connections of this realm.
 *
 * @param facts How the runtime's Workers get their ports.
 */
export function realmBackend(facts: WorkerFacts): RealmBackend {
  const { inWorker, asks } = facts;
  const waiting = inWorker ? new AwaitedPort(facts) : null;
  const expected = new ExpectedThreads();
  let accepted: RealmPort | null = null;
  return Object.freeze({
    connect(worker: unknown): RealmPort {
      if (asks && worker instanceof NodeWorker) return expected.add(worker);
      if (!(worker instanceof NodeWorker) && !(WebWorker !== undefined && worker instanceof WebWorker)) {
        throw new TypeError("Cannot delegate: not a Worker");
      }
      return handOver(worker as threads.Worker);
    },
    async accept(): Promise<RealmPort | null> {
      return accepted ??= await waiting?.port() ?? null;
    },
  });
}

/** A Worker's port: handed over in a message that is taken out before the program sees it, or asked for. */
class AwaitedPort {
  readonly #until = performance.now() + GRACE_MS;
  readonly #asks: boolean;
  readonly #listensForever: boolean;
  readonly #stop: () => void;
  #port: ThreadPort | null = null;

  constructor({ asks, listensForever }: WorkerFacts) {
    this.#asks = asks;
    // Node has no such events; there it asks.
    const { addEventListener, removeEventListener } = globalThis as Partial<typeof globalThis>;
    const listen = (event: Event): void => this.#heard(event as MessageEvent);
    addEventListener?.call(globalThis, "message", listen);
    this.#stop = () => removeEventListener?.call(globalThis, "message", listen);
    if (!listensForever) after(() => this.#stop(), GRACE_MS).unref();
    this.#listensForever = listensForever;
  }

  #heard(event: MessageEvent): void {
    const data: unknown = event.data;
    if (typeof data !== "object" || data === null || !hasOwn(data, MARK)) return;
    event.stopImmediatePropagation();
    const port = (data as Record<string, Port>)[MARK] as Port;
    // The first counts; the others were sent before it was answered on.
    if (this.#port !== null) return port.close();
    this.#port = new ThreadPort(port);
    this.#port.post(MARK);
    if (!this.#listensForever) after(() => this.#stop(), SETTLED_MS).unref();
  }

  /** The port, for which it waits as long as the program may not have come to delegating yet. */
  async port(): Promise<ThreadPort | null> {
    const release = keepAlive();
    try {
      for (;;) {
        const asked = this.#port === null && this.#asks ? await askForPort() : null;
        // One may have been handed over in the meantime.
        this.#port ??= asked;
        if (this.#port !== null || performance.now() >= this.#until) return this.#port;
        await new Promise((resolve) => after(resolve, RETRY_MS));
      }
    } finally {
      release();
    }
  }
}

/** Hands a Worker ports until it answers on one of them. */
function handOver(worker: threads.Worker): RealmPort {
  const end = new ThreadPort(null, () => withdraw(null));
  const offered = new Set<Port>();
  let [left, waitMs] = [OFFERS, RETRY_MS];
  let timer: ReturnType<typeof after> | null = null;
  const withdraw = (taken: Port | null): void => {
    if (timer !== null) cancel(timer);
    for (const port of offered) if (port !== taken) port.close();
    offered.clear();
  };
  const offer = (): void => {
    if (left-- <= 0) return end.close();
    const { port1, port2 } = new NodeChannel();
    offered.add(port1);
    awaitAnswer(port1, () => {
      withdraw(port1);
      end.attach(port1);
    });
    worker.postMessage({ [MARK]: port2 }, [port2]);
    waitMs = Math.min(waitMs * 1.3, MAX_RETRY_MS);
    timer = after(offer, waitMs).unref();
  };
  offer();
  return end;
}

function awaitAnswer(port: Port, answered: () => void): void {
  const events = port as unknown as EventTarget & { start(): void };
  const listen = (event: Event): void => {
    if ((event as MessageEvent).data !== MARK) return;
    events.removeEventListener("message", listen);
    answered();
  };
  events.addEventListener("message", listen);
  events.start();
  port.unref();
}

/** Threads that will ask for their ports. */
class ExpectedThreads {
  readonly #ends = new Map<number, ThreadPort>();

  /** Expects a Worker. */
  add(worker: threads.Worker): RealmPort {
    if (this.#ends.size === 0) process.on("workerMessage", this.#give);
    const end = new ThreadPort(null);
    const { threadId } = worker;
    this.#ends.set(threadId, end);
    worker.once("exit", () => {
      if (this.#ends.get(threadId) === end) this.#forget(threadId);
      end.close();
    });
    return end;
  }

  readonly #give = (message: unknown, source: number): void => {
    if (typeof message !== "object" || message === null || !hasOwn(message, MARK)) return;
    const port = (message as Record<string, Port>)[MARK] as Port;
    const end = this.#ends.get(source);
    // Nothing was delegated to it: closing says so.
    if (end === undefined) return port.close();
    this.#forget(source);
    end.attach(port);
  };

  #forget(threadId: number): void {
    this.#ends.delete(threadId);
    if (this.#ends.size === 0) process.off("workerMessage", this.#give);
  }
}

/** Asks the main thread for a port. */
async function askForPort(): Promise<ThreadPort | null> {
  const { port1, port2 } = new NodeChannel();
  // It listens before it is asked for: the other end may be closed at once, and Node tells that only once.
  const end = new ThreadPort(port1);
  try {
    await postMessageToThread(MAIN_THREAD, { [MARK]: port2 }, [port2]);
  } catch {
    // Nobody listens there: nothing was delegated.
    end.close();
    return null;
  }
  if (await end.begun(GRACE_MS)) return end;
  end.close();
  return null;
}
