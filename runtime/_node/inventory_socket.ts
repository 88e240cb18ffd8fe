/**
 * How a process shows its open sockets to `parley sockets`: a socket in `$XDG_RUNTIME_DIR/parley` that gives whoever
 * connects one document and hears nothing. `node:net` on all three runtimes: it is a courtesy, and no data path.
 */
import fs from "node:fs";
import net, { type Server, type Socket } from "node:net";
import path from "node:path";
import process from "node:process";
import { ParleyError } from "../../core/errors.ts";
import { isPrivate, PRIVATE_VARIABLE } from "../../core/private_mode.ts";
import type { InventoryExchange } from "../../net/inventory_port.ts";
import { collectInventories, SOCKET_SUFFIX } from "./inventory_reader.ts";
import { ownDirectory } from "./own_directory.ts";

// Taken at load, so that code loaded later cannot replace them (CORE-01).
const { chmodSync, unlinkSync } = fs;
const { join } = path;
const createServer = net.createServer;
const getRandomValues = crypto.getRandomValues.bind(crypto);

/** Milliseconds that whoever asks may take to read the answer. */
const ANSWER_MS = 1000;
/** Milliseconds until the end of the connection after the end of the answer: Bun cannot connect to what has hung up already. */
const GRACE_MS = 50;
/** Askers that may wait behind the one that is answered. */
const MAX_WAITING = 16;

/** Own properties all, so that nothing on Object.prototype is read for an option left out (CORE-01). */
const SERVER_OPTIONS = Object.freeze({
  __proto__: null,
  allowHalfOpen: true,
  pauseOnConnect: true,
  noDelay: false,
  keepAlive: false,
  keepAliveInitialDelay: 0,
  highWaterMark: undefined,
  blockList: undefined,
});

/** What the exchange needs of a runtime. */
export interface InventorySurroundings {
  /** This process. */
  readonly pid: number;
  /** A variable of the environment that the process started with. */
  variable(name: string): string | undefined;
  /** Why files and sockets cannot be used without asking anybody; null when they can. */
  obstacle(directory: string): string | null;
  /** Calls back when the process ends. */
  onExit(callback: () => void): void;
}

/** The exchange by sockets in the user's runtime directory. */
export function inventoryBySocket(surroundings: InventorySurroundings): InventoryExchange {
  return Object.freeze({
    publish(document: () => string): void {
      if (isPrivate(surroundings.variable(PRIVATE_VARIABLE))) return;
      try {
        listen(surroundings, document);
      } catch {
        // Then it is not shown; the program goes on.
      }
    },
    async collect() {
      const directory = ownDirectory(requireBase(surroundings), "parley", { make: false });
      return directory === null ? [] : await collectInventories(directory);
    },
  });
}

/** Calls back when the process ends in order. On Deno that is not told by `process` for every way to end. */
export function onProcessExit(callback: () => void): void {
  process.on("exit", callback);
}

/** @throws {ParleyError} `CONFIG_INVALID` where there is none, or it cannot be used. */
function requireBase({ variable, obstacle }: InventorySurroundings): string {
  const base = variable("XDG_RUNTIME_DIR") ?? "";
  const state = base === "" ? "XDG_RUNTIME_DIR is not set" : obstacle(base);
  if (state === null) return base;
  throw new ParleyError("CONFIG_INVALID", `Cannot see what is open: ${state}`);
}

function listen(surroundings: InventorySurroundings, document: () => string): void {
  const directory = ownDirectory(requireBase(surroundings), "parley", { make: true });
  if (directory === null) return;
  const target = join(directory, `${surroundings.pid}-${randomName()}${SOCKET_SUFFIX}`);
  const answers = new Answers(document);
  const server = createServer(SERVER_OPTIONS as object, (socket) => answers.take(socket));
  server.on("error", () => {});
  let there = false;
  surroundings.onExit(() => {
    if (there) unlinkQuietly(target);
  });
  listenAt(server, target, () => {
    there = true;
    chmodSync(target, 0o600);
  });
  server.unref();
}

/** Without a prototype, and without a port: Node takes one that is undefined for one that it may pick. */
function listenAt(server: Server, target: string, onListening: () => void): void {
  const how = { __proto__: null, path: target, backlog: MAX_WAITING, exclusive: true };
  server.listen(how as unknown as { path: string }, () => {
    try {
      if (server.address() !== target) throw new TypeError("Cannot listen: it is another address");
      onListening();
    } catch {
      server.close();
    }
  });
}

/** Gives the document to one after another. */
class Answers {
  readonly #document: () => string;
  readonly #waiting: Socket[] = [];
  #busy = false;

  constructor(document: () => string) {
    this.#document = document;
  }

  take(socket: Socket): void {
    socket.unref();
    socket.on("error", () => {});
    if (this.#waiting.length >= MAX_WAITING) return void socket.destroy();
    this.#waiting.push(socket);
    this.#next();
  }

  #next(): void {
    if (this.#busy) return;
    const socket = this.#waiting.shift();
    if (socket === undefined) return;
    this.#busy = true;
    let timer = after(ANSWER_MS, () => void socket.destroy());
    socket.once("close", () => {
      clearTimeout(timer);
      this.#busy = false;
      this.#next();
    });
    socket.end(this.#document(), () => {
      clearTimeout(timer);
      timer = after(GRACE_MS, () => void socket.destroy());
    });
  }
}

/** A timer that does not hold the process open. */
function after(delayMs: number, callback: () => void): ReturnType<typeof setTimeout> {
  const timer = setTimeout(callback, delayMs);
  (timer as unknown as { unref(): void }).unref();
  return timer;
}

function randomName(): string {
  return Array.from(getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function unlinkQuietly(target: string): void {
  try {
    unlinkSync(target);
  } catch {
    // Somebody has tidied up.
  }
}
