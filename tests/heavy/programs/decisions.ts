/**
 * Asks for connections that are decided in every way there is, in a process whose `Object.prototype` may be polluted, and
 * prints after `@@` what came of them.
 *
 * Argument 1: JSON of {@linkcode DecisionsPlan}.
 */
import process from "node:process";
import { navigator, openTCPSocket, restrict, type TCPSocketOptions } from "../../../mod.ts";
import { polluteWith } from "./hostile_names.ts";

/** What to do. */
export interface DecisionsPlan {
  /** Names to put on `Object.prototype` after the import; null for all. */
  readonly pollution: readonly string[] | null;
  /** Destinations to refuse from the beginning. */
  readonly deny: readonly string[];
  /** What to ask for, one after another. */
  readonly requests: readonly TCPSocketOptions[];
  /** What to ask for then and break off while it is open. */
  readonly aborted: TCPSocketOptions | null;
}

const ABORT_WITHIN_MS = 3000;

const plan = JSON.parse(process.argv[2] ?? "null") as DecisionsPlan;
// Printed by an honest process; what it says was found out in the other one.
const outcomes: unknown[] = [];
const clean = polluteWith(plan.pollution ?? undefined);
await restrict({ deny: plan.deny });
for (const request of plan.requests) outcomes.push(await outcomeOf(request));
if (plan.aborted !== null) outcomes.push(await outcomeOfAbort(plan.aborted));
outcomes.push(await states());
clean();
console.log(`@@${JSON.stringify(outcomes)}`);
process.exit(0);

async function outcomeOf(request: TCPSocketOptions): Promise<unknown> {
  try {
    const socket = await openTCPSocket(request);
    const writer = socket.writable.getWriter();
    await writer.write(new TextEncoder().encode("hello"));
    const { value } = await socket.readable.getReader().read();
    const { remoteAddress, remotePort } = socket;
    await socket[Symbol.asyncDispose]();
    return ["connected", remoteAddress, remotePort, new TextDecoder().decode(value)];
  } catch (error) {
    const { name, message, cause } = error as DOMException & { readonly cause?: { readonly code?: unknown } };
    const code = cause !== undefined && Object.hasOwn(cause as object, "code") ? cause.code : null;
    return ["failed", name, message, code];
  }
}

/** What the program may know of its permissions (CON-13). */
async function states(): Promise<unknown> {
  const wheres = [
    { name: "direct-sockets" },
    { name: "direct-sockets", remoteAddress: "nas.b.example", remotePort: 27 },
    { name: "listen" },
  ] as const;
  return await Promise.all(wheres.map(async (where) => (await navigator.permissions.query(where)).state));
}

/** The program's own signal must end an open connection whatever stands on `Object.prototype`, as a revocation must. */
async function outcomeOfAbort(request: TCPSocketOptions): Promise<unknown> {
  const controller = new AbortController();
  const socket = await openTCPSocket({ ...request, signal: controller.signal });
  controller.abort();
  const ended = socket.closed.then(() => "closed", (error: DOMException) => error.name);
  return await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, ABORT_WITHIN_MS, "still open"))]);
}
