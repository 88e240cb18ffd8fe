import assert from "node:assert/strict";
import { ManualClock } from "../core/manual_clock.ts";
import { bytesOf, textOf } from "../tests/support/approving_host.ts";
import { test } from "../tests/support/harness.ts";
import { SharedInput } from "./shared_input.ts";

interface Fixture {
  readonly input: SharedInput;
  readonly clock: ManualClock;
  /** How often the input was opened. */
  opened(): number;
  type(text: string): void;
  end(): void;
}

function fixture(): Fixture {
  const clock = new ManualClock();
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  let opened = 0;
  const stream = new ReadableStream<Uint8Array>({ start: (given) => void (controller = given) });
  const open = (): ReadableStream<Uint8Array> => {
    opened++;
    return stream;
  };
  return {
    input: new SharedInput(open, clock),
    clock,
    opened: () => opened,
    type: (text) => controller.enqueue(bytesOf(text)),
    end: () => controller.close(),
  };
}

async function all(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (const chunk of stream) text += textOf(chunk);
  return text;
}

test("NET-22 standard input is not touched before somebody reads from it, and opened once", async () => {
  const { input, opened, type, end } = fixture();
  const first = input.part();
  assert.equal(opened(), 0);
  type("a");
  end();
  assert.equal(await all(first.stream), "a");
  assert.equal(await all(input.part().stream), "", "the end of the input is the end for everybody");
  assert.equal(opened(), 1);
});

test("NET-22 what comes after one connection has ended is for the next", async () => {
  const { input, type, end } = fixture();
  const reader = input.part().stream.getReader();
  type("first");
  assert.equal(textOf((await reader.read()).value), "first");
  const pending = reader.read();
  await reader.cancel();
  assert.equal((await pending).done, true);
  type("second");
  end();
  assert.equal(await all(input.part().stream), "second");
});

test("NET-22 a part that is wound down goes on as long as there is input, and ends when it has been quiet", async () => {
  const { input, clock, type, end } = fixture();
  const part = input.part();
  let text = "";
  let over = false;
  const reading = (async () => {
    for await (const chunk of part.stream) text += textOf(chunk);
    over = true;
  })();
  await clock.advance(10_000);
  part.windDown(500);
  await clock.advance(499);
  type("late");
  await clock.advance(499);
  assert.deepEqual([text, over], ["late", false]);
  await clock.advance(1);
  await reading;
  assert.equal(clock.pendingTimers, 0);
  type("for the next");
  end();
  assert.equal(await all(input.part().stream), "for the next");
});
