/**
 * A program that asks for connections as a test tells it to, over a connection of its own that Parley knows nothing of: its
 * terminal remains the operator's, and it can tell what becomes of it when that hangs up.
 *
 * Arguments: the test's port on 127.0.0.1, the word by which it is recognised there, and `ignoresHangUp` if it does.
 */
import { connect, type Socket } from "node:net";
import process from "node:process";
import { navigator, openTCPSocket, type PermissionStatus } from "../../../mod.ts";

/** What a test tells. */
export interface ConsentOrder {
  /**
   * `open` opens a connection and keeps it, `try` opens and closes one again and again, `watch` queries a permission and tells
   * of its changes, `ping` is answered at once, `end` ends the program.
   */
  readonly do: "open" | "try" | "watch" | "ping" | "end";
  /** Names the order in what is told of it. */
  readonly id: string;
  /** Where to. */
  readonly host?: string;
  /** Where to. */
  readonly port?: number;
  /** How often, to `try`. */
  readonly times?: number;
}

type Told = Readonly<Record<string, unknown>>;

const [port = "", word = "", ignores = ""] = process.argv.slice(2);
/** A status is told of changes only while somebody holds it. */
const held: PermissionStatus[] = [];

/** Does what the test says until it says `end`, or is gone. */
export function follow(): void {
  // Hung up, a terminal lets nothing be written any more; that must not end the program either.
  if (ignores === "ignoresHangUp") { for (const name of ["SIGHUP", "SIGTTOU"] as const) process.on(name, () => {}); }
  const control = connect({ host: "127.0.0.1", port: Number(port) });
  let partial = "";
  control.setEncoding("utf8").on("data", (text: string) => {
    const lines = (partial + text).split("\n");
    partial = lines.pop() ?? "";
    for (const line of lines) void obey(JSON.parse(line) as ConsentOrder, control);
  });
  for (const event of ["error", "close"] as const) control.on(event, () => process.exit(0));
  tell(control, { event: "hello", word, pid: process.pid });
}

async function obey(order: ConsentOrder, control: Socket): Promise<void> {
  const { id } = order;
  switch (order.do) {
    case "open":
      return await open(order, control);
    case "try":
      return await tryAgainAndAgain(order, control);
    case "watch":
      return await watch(order, control);
    case "ping":
      return tell(control, { event: "pong", id });
    case "end":
      process.exit(0);
  }
}

async function open(order: ConsentOrder, control: Socket): Promise<void> {
  const { id } = order;
  try {
    const socket = await openTCPSocket(place(order));
    const closed = (error: unknown): void => tell(control, { event: "closed", id, ...failure(error) });
    socket.closed.then(() => closed(null), closed);
    tell(control, { event: "opened", id });
  } catch (error) {
    tell(control, { event: "failed", id, ...failure(error) });
  }
}

async function tryAgainAndAgain(order: ConsentOrder, control: Socket): Promise<void> {
  const { id, times = 1 } = order;
  const outcomes: Told[] = [];
  for (let number = 0; number < times; number++) {
    try {
      await using _socket = await openTCPSocket(place(order));
      outcomes.push({ name: null });
    } catch (error) {
      outcomes.push(failure(error));
    }
  }
  tell(control, { event: "tried", id, outcomes });
}

async function watch(order: ConsentOrder, control: Socket): Promise<void> {
  const { id } = order;
  const status = await navigator.permissions.query({ name: "direct-sockets", ...place(order) });
  status.addEventListener("change", () => tell(control, { event: "change", id, state: status.state }));
  held.push(status);
  tell(control, { event: "watched", id, state: status.state });
}

function place({ host = "", port: remotePort = 0 }: ConsentOrder): { remoteAddress: string; remotePort: number } {
  return { remoteAddress: host, remotePort };
}

/** All that a program can see of an error. */
function failure(error: unknown): Told {
  if (error === null) return { name: null };
  const { name, message, cause } = error as Error;
  return { name, message, cause: cause === undefined ? null : String(cause) };
}

function tell(control: Socket, record: Told): void {
  control.write(`${JSON.stringify(record)}\n`);
}
