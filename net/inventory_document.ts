/** The document in which a process shows its open sockets: written by one Parley, read by another of any version. */
import type { SocketSnapshot } from "./engine/inventory.ts";
import type { SocketAddress } from "./port.ts";

/** Version of the document. */
export const INVENTORY_SCHEMA = 1;

/** More sockets than this are counted, not listed. */
const MAX_SOCKETS = 4096;
/** Longer text than this is cut in a document; a file name has at most 4,096 bytes. */
const MAX_TEXT = 8192;

/** A socket as a document shows it. */
export interface ShownSocket extends Omit<SocketSnapshot, "kind" | "approvedBy"> {
  /** What it is; a later Parley may have kinds that this one does not know. */
  readonly kind: string;
  /** What approved it. */
  readonly approvedBy: string;
}

/** What a process shows of itself. */
export interface InventoryFacts {
  /** Its process id. */
  readonly pid: number;
  /** When it was started, milliseconds since 1970. */
  readonly startedAtMs: number;
  /** On which runtime. */
  readonly runtime: string;
  /** URL of its main module, or null. */
  readonly program: string | null;
}

/** What a process shows. Texts are not escaped. */
export interface InventoryDocument extends InventoryFacts {
  /** Its open sockets, oldest first. */
  readonly sockets: readonly ShownSocket[];
  /** Further sockets that are not listed. */
  readonly omitted: number;
}

/**
 * Writes the document.
 *
 * @param facts The process.
 * @param sockets What is open.
 */
export function formatInventory(facts: InventoryFacts, sockets: readonly SocketSnapshot[]): string {
  const shown = sockets.slice(0, MAX_SOCKETS);
  const { pid, startedAtMs, runtime, program } = facts;
  const omitted = sockets.length - shown.length;
  return JSON.stringify({ schema: INVENTORY_SCHEMA, pid, startedAtMs, runtime, program, sockets: shown, omitted });
}

/**
 * Reads a document.
 *
 * @param text What a process gave.
 * @returns The document with what this Parley knows of it; null for anything that is not one of this version.
 */
export function parseInventory(text: string): InventoryDocument | null {
  const record = recordOf(parseJson(text));
  if (record === null || record.get("schema") !== INVENTORY_SCHEMA) return null;
  const sockets = listOf(record.get("sockets"))?.map(toSocket);
  const pid = numberOf(record.get("pid"));
  const startedAtMs = numberOf(record.get("startedAtMs"));
  const runtime = textOf(record.get("runtime"));
  const program = record.get("program") === null ? null : textOf(record.get("program")) ?? undefined;
  const omitted = numberOf(record.get("omitted"));
  if (sockets === undefined || pid === null || startedAtMs === null || runtime === null) return null;
  if (program === undefined || omitted === null || !sockets.every((socket) => socket !== null)) return null;
  return Object.freeze({ pid, startedAtMs, runtime, program, sockets: Object.freeze(sockets), omitted });
}

const COUNTERS = ["bytesReceived", "bytesSent", "received", "sent", "dropped", "filtered"] as const;
const TEXTS = ["kind", "origin", "destination", "approvedBy"] as const;

function toSocket(value: unknown): ShownSocket | null {
  const record = recordOf(value);
  if (record === null) return null;
  const numbers = ["id", "openedAtMs", ...COUNTERS].map((name) => [name, numberOf(record.get(name))] as const);
  const texts = TEXTS.map((name) => [name, textOf(record.get(name))] as const);
  const local = toAddress(record.get("local"));
  const remote = record.get("remote") === null ? null : toAddress(record.get("remote"));
  const lacking = [...numbers, ...texts].some(([, found]) => found === null);
  if (lacking || local === null || (remote === null && record.get("remote") !== null)) return null;
  return Object.freeze({ ...Object.fromEntries([...numbers, ...texts]), local, remote }) as unknown as ShownSocket;
}

function toAddress(value: unknown): SocketAddress | null {
  const record = recordOf(value);
  const address = textOf(record?.get("address"));
  const port = numberOf(record?.get("port"));
  return address === null || port === null ? null : Object.freeze({ address, port });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Own members only: what comes from outside may be named as it likes. */
function recordOf(value: unknown): ReadonlyMap<string, unknown> | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  return new Map(Object.entries(value));
}

function listOf(value: unknown): readonly unknown[] | null {
  return Array.isArray(value) && value.length <= MAX_SOCKETS ? value : null;
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : null;
}

function textOf(value: unknown): string | null {
  return typeof value === "string" && value.length <= MAX_TEXT ? value : null;
}
