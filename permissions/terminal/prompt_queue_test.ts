import assert from "node:assert/strict";
import { test } from "../../tests/support/harness.ts";
import type { Answer, Question } from "../prompter.ts";
import { MAX_SHARING, MAX_WAITING, PromptQueue, type QueueResult, sameQuestionKey } from "./prompt_queue.ts";
import { canonicalHost } from "../../core/host.ts";
import { makeDestination } from "../../core/destination.ts";
import type { Descriptor } from "../descriptor.ts";
import { testQuestion, type TestQuestionOptions } from "./test_question.ts";

interface Standing {
  readonly question: Question;
  readonly signal: AbortSignal;
  answer(answer: Answer, endsAll?: boolean): Promise<void>;
}

const ONCE: Answer = { kind: "allow", lifetime: "once", host: null };
const RUN: Answer = { kind: "allow", lifetime: "run", host: null };
const NO: Answer = { kind: "deny", reason: "refused" };
const ABORTED: Answer = { kind: "deny", reason: "aborted" };
const FULL: Answer = { kind: "deny", reason: "queue-full" };

/** A queue whose questions the test answers by hand. */
function makeQueue(): { queue: PromptQueue; put: Standing[] } {
  const put: Standing[] = [];
  const queue = new PromptQueue((question, signal) => {
    const { promise, resolve } = Promise.withResolvers<QueueResult>();
    signal.addEventListener("abort", () => resolve({ answer: ABORTED, endsAll: false }));
    put.push({
      question,
      signal,
      async answer(answer, endsAll = false) {
        resolve({ answer, endsAll });
        await turn();
      },
    });
    return promise;
  });
  return { queue, put };
}

/** Lets promise reactions run. */
async function turn(): Promise<void> {
  for (let step = 0; step < 8; step++) await Promise.resolve();
}

function never(): AbortSignal {
  return new AbortController().signal;
}

function host(name: string, number = 1): Question {
  return testQuestion({ host: `${name}.example`, number });
}

test("CON-10 one question stands at a time, and the others follow in their order", async () => {
  const { queue, put } = makeQueue();
  const answers = ["a", "b", "c"].map((name) => queue.ask(host(name), never()));
  assert.equal(put.length, 1);
  await put[0]?.answer(ONCE);
  assert.equal(put.length, 2);
  await put[1]?.answer(NO);
  await put[2]?.answer(RUN);
  assert.deepEqual(await Promise.all(answers), [ONCE, NO, RUN]);
  assert.deepEqual(put.map(({ question }) => question.descriptor.destination?.host.text), [
    "a.example",
    "b.example",
    "c.example",
  ]);
});

test("CON-10 three questions may wait; the next is refused at once, and a place freed is a place", async () => {
  const { queue, put } = makeQueue();
  const answers = Array.from({ length: 1 + MAX_WAITING }, (_, index) => queue.ask(host(`h${index}`), never()));
  assert.deepEqual(await queue.ask(host("late"), never()), FULL);
  await put[0]?.answer(NO);
  const next = queue.ask(host("late"), never());
  for (let index = 1; index <= MAX_WAITING + 1; index++) await put[index]?.answer(NO);
  assert.deepEqual(await next, NO);
  assert.deepEqual(await Promise.all(answers), answers.map(() => NO));
});

test("CON-10 equal requests share one question: a no and a yes for the run hold for all of them", async () => {
  for (const shared of [NO, RUN]) {
    const { queue, put } = makeQueue();
    const answers = [1, 2, 3].map((number) => queue.ask(host("a", number), never()));
    await put[0]?.answer(shared);
    assert.deepEqual(await Promise.all(answers), [shared, shared, shared]);
    assert.equal(put.length, 1);
  }
});

test("CON-10 a yes for once serves the first of equal requests; the others are asked again, before what waits", async () => {
  const { queue, put } = makeQueue();
  const first = queue.ask(host("a", 1), never());
  const second = queue.ask(host("a", 2), never());
  const other = queue.ask(host("b", 3), never());
  await put[0]?.answer(ONCE);
  assert.deepEqual(await first, ONCE);
  assert.equal(put[1]?.question.number, 2);
  await put[1]?.answer(NO);
  assert.deepEqual(await second, NO);
  await put[2]?.answer(ONCE);
  assert.deepEqual(await other, ONCE);
});

test("CON-10 requests that differ in anything that is shown are different questions", () => {
  const base = testQuestion();
  const others: TestQuestionOptions[] = [
    { host: "other.example" },
    { host: null },
    { port: 26 },
    { tls: {} },
    { tls: { mode: "upgrade" } },
    { tls: { required: false } },
    { tls: { serverName: "x.example" } },
    { tls: { caSha256: "ab".repeat(32) } },
    { tls: { clientCertSha256: "ab".repeat(32) } },
    { spki: "ab".repeat(32) },
    { lifetimes: ["once"] },
    { claim: "please" },
    { preapprove: null },
    { requester: { origin: "file:///other.ts" } },
    { requester: { evidence: "launcher" } },
    { requester: { pid: 1 } },
    { requester: { mainSha256: "ab".repeat(32) } },
    { requester: { role: "library" } },
    { changed: "file:///a.ts" },
    { pinsCode: true },
  ];
  const proxy = makeDestination({ scheme: "tcp", host: canonicalHost("proxy.example"), port: 1080 });
  const via = { protocol: "socks5", destination: proxy, remoteDns: false } as const;
  const routes = [{ via }, { via: { ...via, remoteDns: true } }, { broadcast: true }, { transport: "udp" }] as const;
  const routed = routes.map((route) => ({ ...base, descriptor: { ...base.descriptor, ...route } as Descriptor }));
  const keys = [base, ...others.map(testQuestion), ...routed].map(sameQuestionKey);
  assert.equal(new Set(keys).size, keys.length);
  assert.equal(sameQuestionKey(testQuestion({ number: 9 })), sameQuestionKey(base));
  assert.notEqual(
    sameQuestionKey(testQuestion({ claim: "a", preapprove: "-,1:b" })),
    sameQuestionKey(testQuestion({ claim: "a,1:-", preapprove: "b" })),
  );
});

test("CON-10 the number of requests that share a question is bounded", async () => {
  const { queue, put } = makeQueue();
  const answers = Array.from({ length: MAX_SHARING }, (_, index) => queue.ask(host("a", index), never()));
  assert.deepEqual(await queue.ask(host("a"), never()), FULL);
  await put[0]?.answer(NO);
  assert.equal((await Promise.all(answers)).length, MAX_SHARING);
});

test("a withdrawn request is answered at once, and its question goes away when nobody else waits for it", async () => {
  const { queue, put } = makeQueue();
  const controllers = [new AbortController(), new AbortController(), new AbortController()];
  const [first, second, waiting] = [
    queue.ask(host("a", 1), controllers[0]?.signal ?? never()),
    queue.ask(host("a", 2), controllers[1]?.signal ?? never()),
    queue.ask(host("b", 3), controllers[2]?.signal ?? never()),
  ];
  controllers[2]?.abort();
  assert.deepEqual(await waiting, ABORTED);
  controllers[0]?.abort();
  assert.deepEqual(await first, ABORTED);
  assert.equal(put[0]?.signal.aborted, false);
  controllers[1]?.abort();
  assert.deepEqual(await second, ABORTED);
  assert.equal(put[0]?.signal.aborted, true);
  await turn();
  assert.equal(put.length, 1);
  assert.deepEqual(await queue.ask(host("c"), AbortSignal.abort()), ABORTED);
});

test("a request that shared a question answered once can still be withdrawn", async () => {
  const { queue, put } = makeQueue();
  const controller = new AbortController();
  const first = queue.ask(host("a", 1), never());
  const second = queue.ask(host("a", 2), controller.signal);
  await put[0]?.answer(ONCE);
  assert.deepEqual(await first, ONCE);
  controller.abort();
  assert.deepEqual(await second, ABORTED);
  assert.equal(put[1]?.signal.aborted, true);
});

test("CON-10 an interrupt ends the questions that wait, too", async () => {
  const { queue, put } = makeQueue();
  const answers = ["a", "b", "c"].map((name) => queue.ask(host(name), never()));
  await put[0]?.answer(ABORTED, true);
  assert.deepEqual(await Promise.all(answers), [ABORTED, ABORTED, ABORTED]);
  assert.equal(put.length, 1);
});
