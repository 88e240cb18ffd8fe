/** How `parley sockets` asks the other processes: connect, read one document within a second, say nothing. */
import { Buffer } from "node:buffer";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import process from "node:process";
import type { InventoryReply } from "../../net/inventory_port.ts";
import { ownUid } from "./own_directory.ts";

// Taken at load, so that code loaded later cannot replace them (CORE-01).
const { lstatSync, readdirSync, unlinkSync } = fs;
const { join } = path;
const connect = net.connect;

/** What names of sockets end with. */
export const SOCKET_SUFFIX = ".sock";

const NAME = /^([1-9][0-9]{0,9})-[0-9a-f]{16}\.sock$/;
/** More processes than this are not asked. */
const MAX_PROCESSES = 1024;
/** Processes asked at the same time. */
const AT_ONCE = 16;
/** Milliseconds for one. */
const DEADLINE_MS = 1000;
/** Bytes of one document; 4,096 sockets take half of it at most. */
const MAX_BYTES = 8 * 1024 * 1024;

/** What became of one question. */
type Answer = { readonly kind: "text"; readonly text: string } | { readonly kind: "refused" | "late" };

/**
 * Asks all processes that show something.
 *
 * @param directory Where their sockets are; nobody else can reach into it.
 */
export async function collectInventories(directory: string): Promise<InventoryReply[]> {
  const names = readdirSync(directory).filter((name) => NAME.test(name)).sort().slice(0, MAX_PROCESSES);
  const replies: InventoryReply[] = [];
  const ask = async (): Promise<void> => {
    for (let name = names.shift(); name !== undefined; name = names.shift()) {
      const reply = await askOne(directory, name);
      if (reply !== null) replies.push(reply);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, ask));
  return replies.sort((left, right) => left.pid - right.pid);
}

async function askOne(directory: string, name: string): Promise<InventoryReply | null> {
  const target = join(directory, name);
  const pid = Number(NAME.exec(name)?.[1]);
  if (!isOwnSocket(target)) return null;
  const answer = await read(target);
  if (answer.kind === "text") return { pid, text: answer.text };
  if (answer.kind === "late") return { pid, text: null };
  // Whoever begins to listen is refused for a moment; only of the dead nothing will come.
  if (isDead(pid)) removeQuietly(target);
  return null;
}

/** Connects and reads to the end. Never rejects. */
function read(target: string): Promise<Answer> {
  return new Promise((resolve) => {
    const socket = connect({ __proto__: null, path: target, allowHalfOpen: false } as unknown as { path: string });
    const chunks: Uint8Array[] = [];
    let size = 0;
    let connected = false;
    // The first verdict counts: Bun tells of an end after `destroy`, too.
    const settle = (answer: Answer): void => {
      clearTimeout(timer);
      resolve(answer);
      socket.destroy();
    };
    const timer = setTimeout(() => settle({ kind: "late" }), DEADLINE_MS);
    socket.on("connect", () => connected = true);
    socket.on("data", (chunk: Uint8Array) => {
      size += chunk.byteLength;
      if (size > MAX_BYTES) settle({ kind: "late" });
      else chunks.push(chunk);
    });
    socket.on("end", () => settle({ kind: "text", text: Buffer.concat(chunks).toString("utf8") }));
    socket.on("error", () => {});
    socket.on("close", () => settle({ kind: connected ? "late" : "refused" }));
  });
}

function isOwnSocket(target: string): boolean {
  const stats = lstatSync(target, { throwIfNoEntry: false });
  return stats !== undefined && stats.isSocket() && stats.uid === ownUid();
}

function isDead(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as { readonly code?: unknown }).code === "ESRCH";
  }
}

function removeQuietly(target: string): void {
  try {
    unlinkSync(target);
  } catch {
    // Somebody else has tidied up.
  }
}
