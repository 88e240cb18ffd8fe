/** `parley udp` without a process: its own parts on a network in a test's hands, with a scripted operator and a manual clock. */
import { parseArguments } from "../../runtime/_node/arguments.ts";
import { udpCommand } from "../../cli/commands/udp.ts";
import { exchangeDatagrams } from "../../cli/udp/exchange.ts";
import { type Datagrams, openDatagrams } from "../../cli/udp/open_datagrams.ts";
import { readUdpPlan } from "../../cli/udp/udp_plan.ts";
import type { Event } from "../../cli/messages.ts";
import type { Answer } from "../../permissions/prompter.ts";
import { bytesOf, textOf } from "./approving_host.ts";
import { FakeDatagramNetwork } from "./fake_datagrams.ts";
import { type UdpFaceFixture, udpFaceFixture } from "./udp_face_fixture.ts";

/** How a run differs from one in pipes whose operator refuses. */
export interface UdpCommandOptions {
  /** What the operator says, in order; then no. */
  readonly answers?: readonly Answer[];
  /** Whether input and output are a terminal. */
  readonly isTerminal?: boolean;
  /** The network. */
  readonly network?: FakeDatagramNetwork;
}

/** A run of the command. */
export interface UdpCommandRun extends UdpFaceFixture<FakeDatagramNetwork> {
  /** Ends the socket, as Ctrl-C does. */
  readonly stop: AbortController;
  /** What was told to programs. */
  readonly events: Event[];
  /** What was told to people. */
  readonly lines: string[];
  /** Errors on the way. */
  readonly troubles: string[];
  /** What stands on standard output. */
  output(): string;
  /** Keeps standard output from taking anything, until a promise settles. */
  holdOutput(until: Promise<void> | null): void;
  /** Types. */
  type(text: string): void;
  /** Ends standard input. */
  endInput(): void;
  /** Opens the socket. */
  open(): Promise<Datagrams>;
  /** Opens the socket and passes datagrams; how that ended is in `ended`. */
  start(): Promise<void>;
  /** How it ended: `null` while it runs, `""` for success, else the code and the message. */
  ended(): string | null;
  /** What left the socket, as text. */
  sent(): readonly string[];
}

/**
 * Prepares a run.
 *
 * @param args After `parley udp`.
 * @param options Operator, terminal, network.
 */
export function udpCommandRun(args: readonly string[], options: UdpCommandOptions = {}): UdpCommandRun {
  const { answers = [], isTerminal = false, network = new FakeDatagramNetwork() } = options;
  const fixture = udpFaceFixture(network, answers);
  const plan = readUdpPlan(parseArguments(args, { ...udpCommand.options, json: { type: "boolean" } }));
  let input!: ReadableStreamDefaultController<Uint8Array>;
  const stdin = new ReadableStream<Uint8Array>({ start: (controller) => void (input = controller) });
  const [events, lines, troubles]: [Event[], string[], string[]] = [[], [], []];
  const stop = new AbortController();
  let output = "";
  let ended: string | null = null;
  let hold: Promise<void> | null = null;
  const host = {
    stdin,
    stdinIsTerminal: isTerminal,
    stdoutIsTerminal: isTerminal,
    writeOut: async (bytes: Uint8Array): Promise<void> => {
      await hold;
      output += textOf(bytes);
    },
  };
  const messages = {
    report: (line: string): void => void lines.push(line),
    tell: (event: Event, line: string | null): void => {
      events.push(event);
      if (line !== null) lines.push(line);
    },
    fail: (error: unknown): number => {
      lines.push(shownError(error));
      return 1;
    },
  };
  const open = (): Promise<Datagrams> =>
    openDatagrams(fixture.context, plan.socket, {
      signal: stop.signal,
      onError: ({ code }) => void troubles.push(code),
    });
  return {
    ...fixture,
    stop,
    events,
    lines,
    troubles,
    output: () => output,
    holdOutput: (until) => void (hold = until),
    type: (text) => input.enqueue(bytesOf(text)),
    endInput: () => input.close(),
    open,
    start: async () => {
      const socket = await open();
      exchangeDatagrams({ socket, plan, host, messages, clock: fixture.clock }).then(
        () => void (ended = ""),
        (error) => void (ended = shownError(error)),
      );
      await fixture.clock.advance(0);
    },
    ended: () => ended,
    sent: () => network.link.sent.map(({ to, bytes }) => `${to} ${textOf(bytes)}`),
  };
}

function shownError(error: unknown): string {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  return `${String(code)} ${String(message)}`;
}
