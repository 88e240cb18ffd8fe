/** What the explainer asks of the user interface, at a terminal that a test types on. */
import assert from "node:assert/strict";
import { ManualClock } from "../../core/manual_clock.ts";
import { ScriptedTerminal, TerminalPrompter } from "../../permissions/terminal/mod.ts";
import { test } from "../support/harness.ts";
import { ADDRESS, type Faces, makeFaces, PORT, reasonOf } from "./faces.ts";

/** Quiet before, delay, quiet after: from here on typing counts. */
const READY_MS = 700;

interface Desk extends Faces {
  readonly terminal: ScriptedTerminal;
  /** Types each line once the prompt is ready for it, and gives what the screen shows. */
  answer(...lines: string[]): Promise<string>;
}

/** Faces whose operator sits at a terminal. */
function desk(): Desk {
  const clock = new ManualClock();
  const terminal = new ScriptedTerminal({ clock });
  const facts = { noColor: undefined, term: "dumb", locale: undefined, ci: undefined, invocationId: undefined };
  const prompter = new TerminalPrompter({ terminal, clock, random: (length) => new Uint8Array(length), facts });
  const faces = makeFaces([], { broker: { prompter } });
  const answer = async (...lines: string[]): Promise<string> => {
    for (const line of lines) {
      await clock.advance(READY_MS);
      terminal.type(`${line}\r`);
      await clock.advance(100);
    }
    return terminal.screen.replace(/\s+/g, " ");
  };
  return { ...faces, terminal, answer };
}

const DESTINATION = { remoteAddress: "host.example", remotePort: PORT } as const;

test("RS-10 the question shows address and port, offers this connection and the run, and yes opens it", async () => {
  const { navigator, answer } = desk();
  const opening = navigator.openTCPSocket(DESTINATION);
  const screen = await answer("y");
  for (const part of ["host.example", `port ${PORT}`, "y Yes, this one", "r Yes, and again", "Enter No"]) {
    assert.ok(screen.includes(part), part);
  }
  await (await opening).close();
});

test("RS-10 cancelling is NotAllowedError", async () => {
  const { navigator, answer, network } = desk();
  const opening = reasonOf(navigator.openTCPSocket(DESTINATION));
  await answer("");
  assert.equal((await opening).name, "NotAllowedError");
  assert.deepEqual(network.log, []);
});

test("RS-10 the user types the address where the program leaves it open, and is asked about that", async () => {
  const { navigator, answer } = desk();
  const opening = navigator.openTCPSocket({ remotePort: PORT });
  await answer("host.example", "y");
  const socket = await opening;
  assert.equal(socket.remoteAddress, ADDRESS);
  await socket.close();
});

test("RS-11 a well-known port is shown as number and in words, another one as its number alone", async () => {
  const { navigator, answer } = desk();
  const known = reasonOf(navigator.openTCPSocket({ ...DESTINATION, remotePort: 25 }));
  assert.match(await answer(""), /port 25 \(SMTP mail\)/);
  await known;
  const other = desk();
  const unknown = reasonOf(other.navigator.openTCPSocket({ ...DESTINATION, remotePort: 4242 }));
  assert.match(await other.answer(""), /port 4242\b(?! \()/);
  await unknown;
});

test("RS-26 what is not TLS from the first byte is called NOT ENCRYPTED before it is approved", async () => {
  const { navigator, answer } = desk();
  const opening = reasonOf(navigator.openTCPSocket({ ...DESTINATION, remotePort: 80 }));
  assert.match(await answer(""), /NOT ENCRYPTED/);
  await opening;
});
