import assert from "node:assert/strict";
import { ParleyError } from "../../core/errors.ts";
import { ONCE } from "../../tests/support/broker_fixture.ts";
import { test } from "../../tests/support/harness.ts";
import { type UdpCommandOptions, type UdpCommandRun, udpCommandRun } from "../../tests/support/udp_command_fixture.ts";

const PEER = { address: "9.9.9.9", port: 53 };
const CALLER = { address: "192.0.2.7", port: 7000 };
const LISTEN = ["--listen", "0.0.0.0:5000"];

async function started(args: readonly string[], options: UdpCommandOptions = {}): Promise<UdpCommandRun> {
  const run = udpCommandRun(args, { answers: [ONCE, ONCE], ...options });
  await run.start();
  return run;
}

async function arrives(run: UdpCommandRun, text: string, from = PEER): Promise<void> {
  run.network.link.arrive(text, from);
  await run.clock.advance(0);
}

test("NET-07 lines leave as datagrams, answers are written as lines, and it ends a second after the input", async () => {
  const run = await started(["9.9.9.9:53"]);
  run.type("one\ntwo\n");
  await run.clock.advance(0);
  assert.deepEqual(run.sent(), ["9.9.9.9:53 one", "9.9.9.9:53 two"]);
  await arrives(run, "answer");
  run.endInput();
  await run.clock.advance(999);
  assert.equal(run.ended(), null);
  await arrives(run, "late answer\n");
  await run.clock.advance(1);
  assert.deepEqual([run.ended(), run.output()], ["", "answer\nlate answer\n"]);
  assert.deepEqual(run.events.map(({ event }) => event), ["sent", "sent", "closed"]);
  const closed = { event: "closed", sent: 2, received: 2, bytesSent: 6, bytesReceived: 18, dropped: 0 };
  assert.deepEqual(run.events.at(-1), closed);
  assert.equal(run.clock.pendingTimers, 0);
});

test("NET-07 --wait 0 ends with the input, and --count with the last datagram that is wanted", async () => {
  const sender = await started(["9.9.9.9:53", "--wait", "0"]);
  sender.type("one");
  sender.endInput();
  await sender.clock.advance(0);
  assert.deepEqual([sender.ended(), sender.sent()], ["", ["9.9.9.9:53 one"]]);
  const counting = await started(["9.9.9.9:53", "--count", "2"]);
  for (const text of ["a", "b", "c"]) counting.network.link.arrive(text, PEER);
  await counting.clock.advance(0);
  assert.deepEqual([counting.ended(), counting.output()], ["", "a\nb\n"]);
});

test("NET-07 --count fails when the wait is over before enough has come", async () => {
  const run = await started(["9.9.9.9:53", "--count", "2", "--wait", "3"]);
  run.endInput();
  await arrives(run, "a");
  await run.clock.advance(2999);
  assert.equal(run.ended(), null);
  await run.clock.advance(1);
  assert.equal(run.ended(), "NET_TIMEOUT Cannot wait longer: 1 of 2 datagrams came");
});

test("NET-07 what has come is written whole before it ends, and time in which nothing is written is no silence", async () => {
  const run = await started(["9.9.9.9:53", "--count", "2", "--wait", "3", "--timeout", "1"]);
  run.endInput();
  await arrives(run, "first ");
  const { promise, resolve } = Promise.withResolvers<void>();
  run.holdOutput(promise);
  await arrives(run, "second");
  await run.clock.advance(5000);
  assert.deepEqual([run.ended(), run.output()], [null, "first \n"]);
  resolve();
  await run.clock.advance(0);
  assert.deepEqual([run.ended(), run.output()], ["", "first \nsecond\n"]);
});

test("NET-22 --timeout counts from the last datagram, and without it a listening socket waits for ever", async () => {
  const run = await started([...LISTEN, "--timeout", "5"]);
  await run.clock.advance(4999);
  await arrives(run, "a", CALLER);
  await run.clock.advance(4999);
  assert.equal(run.ended(), null);
  await run.clock.advance(1);
  assert.equal(run.ended(), "NET_TIMEOUT Cannot go on: no datagram came for 5 s");
  const patient = await started(LISTEN);
  patient.type("nobody reads this\n");
  patient.endInput();
  await patient.clock.advance(86_400_000);
  assert.deepEqual([patient.ended(), patient.sent()], [null, []]);
});

test("NET-22 --reply sends what is typed to whoever wrote last, and what was typed before waits for the first", async () => {
  const run = await started([...LISTEN, "--reply"]);
  run.type("early\nagain\n");
  await run.clock.advance(0);
  assert.deepEqual(run.sent(), []);
  assert.deepEqual(run.lines, ["parley: nobody has written yet; the input waits for the first"]);
  await arrives(run, "a call of some length", CALLER);
  assert.deepEqual(run.sent(), ["192.0.2.7:7000 early", "192.0.2.7:7000 again"]);
  await arrives(run, "another call", { ...CALLER, port: 7001 });
  run.type("for you\n");
  await run.clock.advance(0);
  assert.equal(run.sent().at(-1), "192.0.2.7:7001 for you");
  assert.equal(run.questions.length, 1, "answers need no approval");
});

test("NET-27 an answer that is longer than it may be is told and not sent, and the next one is", async () => {
  const run = await started([...LISTEN, "--reply"], { answers: [ONCE] });
  await arrives(run, "hi", CALLER);
  run.type("far too long for an answer\nshort\n");
  await run.clock.advance(0);
  assert.equal(run.ended(), null);
  assert.match(run.lines.join("\n"), /^parley: not sent to 192\.0\.2\.7:7000: .*\[PERM_DENIED\]$/m);
  await arrives(run, "hello", { ...CALLER, port: 7001 });
  run.type("welcome\n");
  await run.clock.advance(0);
  assert.deepEqual(run.sent(), ["192.0.2.7:7001 welcome"]);
});

test("NET-27 once datagrams wait for their turn the operator is told, one time, and they leave one a second", async () => {
  const run = await started(["9.9.9.9:53"]);
  run.type("x\n".repeat(13));
  await run.clock.advance(99);
  assert.deepEqual([run.sent().length, run.lines], [10, []]);
  await run.clock.advance(1);
  const line = "parley: 9.9.9.9:53 has not answered; until it does, one datagram a second is sent";
  assert.deepEqual(run.lines, [line]);
  assert.deepEqual(run.events.at(-1), { event: "waiting", to: "9.9.9.9:53" });
  await run.clock.advance(900);
  assert.equal(run.sent().length, 11);
  await run.clock.advance(1000);
  assert.equal(run.sent().length, 12);
  await arrives(run, "at last");
  assert.equal(run.sent().length, 13);
  assert.deepEqual(run.lines, [line]);
});

test("NET-27 a datagram that waits for something else is not told to wait for its turn", async () => {
  const run = await started(["9.9.9.9:53"]);
  run.network.link.isBlocked = true;
  run.type("x\n");
  await run.clock.advance(5000);
  assert.deepEqual(run.lines, []);
  run.network.link.release();
});

test("NET-07 errors on the way end nothing; the command fails only when nothing at all could be sent", async () => {
  const unreachable = (): ParleyError => new ParleyError("NET_UNREACHABLE", "Cannot reach it");
  const run = await started(["9.9.9.9:53", "--wait", "0"]);
  run.network.link.report(new ParleyError("NET_REFUSED", "Cannot reach it: refused"));
  run.network.link.refusals.push(unreachable());
  run.type("lost\nsent\n");
  run.endInput();
  await run.clock.advance(0);
  assert.deepEqual([run.ended(), run.sent(), run.troubles], ["", ["9.9.9.9:53 sent"], ["NET_REFUSED"]]);
  assert.deepEqual(run.lines, ["parley: not sent to 9.9.9.9:53: Cannot reach it [NET_UNREACHABLE]"]);
  const cut = await started(["9.9.9.9:53", "--wait", "0"]);
  cut.network.link.refusals.push(unreachable());
  cut.type("lost\n");
  cut.endInput();
  await cut.clock.advance(0);
  assert.equal(cut.ended(), "NET_UNREACHABLE Cannot reach it");
});

test("NET-07 what the system refuses for another reason ends the command", async () => {
  const run = await started(["9.9.9.9:53"]);
  run.network.link.refusals.push(new ParleyError("NET_MESSAGE_SIZE", "Cannot send 2000 bytes"));
  run.type("long\nnext\n");
  await run.clock.advance(0);
  assert.deepEqual([run.ended(), run.sent()], ["NET_MESSAGE_SIZE Cannot send 2000 bytes", []]);
});

test("NET-07 a wrong line ends the command where input is a file, and is told where it is typed", async () => {
  const file = await started(["9.9.9.9:53", "--hex"]);
  file.type("6f6b\nnot hex\n6f6b\n");
  await file.clock.advance(0);
  assert.deepEqual(file.sent(), ["9.9.9.9:53 ok"]);
  assert.match(file.ended() ?? "", /^ARG_INVALID Cannot send line 2: /);
  const typed = await started(["9.9.9.9:53", "--hex"], { isTerminal: true });
  typed.type("6f6b\nnot hex\n6f6b\n");
  await typed.clock.advance(0);
  assert.deepEqual([typed.ended(), typed.sent()], [null, ["9.9.9.9:53 ok", "9.9.9.9:53 ok"]]);
  assert.match(typed.lines.join("\n"), /^ARG_INVALID Cannot send line 2: /);
});

test("NET-07 --whole sends the input as one datagram once it has ended", async () => {
  const run = await started(["9.9.9.9:53", "--whole", "--wait", "0"]);
  run.type("a\n");
  await run.clock.advance(0);
  assert.deepEqual(run.sent(), []);
  run.type("\nb");
  run.endInput();
  await run.clock.advance(0);
  assert.deepEqual([run.ended(), run.sent()], ["", ["9.9.9.9:53 a\n\nb"]]);
});

test("NET-22 Ctrl-C ends a wait for a caller, for a turn and for the network at once", async () => {
  for (const args of [["9.9.9.9:53"], LISTEN, [...LISTEN, "--reply"]]) {
    const run = await started(args);
    run.type("x\n".repeat(12));
    await run.clock.advance(500);
    run.stop.abort(new ParleyError("NET_ABORTED", "Interrupted"));
    await run.clock.advance(0);
    assert.equal(run.ended(), "NET_ABORTED Interrupted");
    assert.ok(run.network.link.closed);
    assert.equal(run.events.at(-1)?.event, "closed");
  }
});
