import assert from "node:assert/strict";
import { test } from "../../../tests/support/harness.ts";
import { type AddressQuestion, encodeQuestion, readAnswers, wireName } from "./address_message.ts";

const NAME = wireName("printer.local")!;
const A: AddressQuestion = { id: 0x1234, name: NAME, family: 4 };
const AAAA: AddressQuestion = { id: 0x1235, name: NAME, family: 6 };

const bytes = (...parts: (number | readonly number[] | Uint8Array)[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => typeof part === "number" ? [part] : [...part]));

interface Reply {
  readonly id?: number;
  readonly flags?: number;
  readonly questions?: readonly Uint8Array[];
  readonly answers?: readonly Uint8Array[];
  readonly additionals?: readonly Uint8Array[];
}

function reply({ id = A.id, flags = 0x8400, questions = [], answers = [], additionals = [] }: Reply): Uint8Array {
  const u16 = (value: number): number[] => [value >> 8, value & 255];
  const head = [id, flags, questions.length, answers.length, 0, additionals.length].flatMap(u16);
  return bytes(head, ...questions, ...answers, ...additionals);
}

function record(name: Uint8Array, type: number, data: readonly number[], rrclass = 1): Uint8Array {
  return bytes(name, [0, type, rrclass >> 8, rrclass & 255, 0, 0, 0, 10, 0, data.length], data);
}

const texts = (message: Uint8Array, questions = [A, AAAA]): string[] =>
  readAnswers(message, questions).map(({ text }) => text);
const V6 = [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9];

test("NET-29 a question is one name, one type, and nothing else, byte for byte", () => {
  assert.deepEqual(
    encodeQuestion(A),
    bytes([0x12, 0x34, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0], 7, [...new TextEncoder().encode("printer")], 5, [
      ...new TextEncoder().encode("local"),
    ], [0, 0, 1, 0, 1]),
  );
  assert.equal(encodeQuestion(AAAA).at(-3), 28);
});

test("NET-29 names that no message can hold have no wire form", () => {
  assert.equal(wireName("a..local"), null);
  assert.equal(wireName(`${"a".repeat(64)}.local`), null);
  assert.equal(wireName(`${"a".repeat(63)}.`.repeat(4) + "local"), null);
  assert.deepEqual(wireName("ü.local")?.slice(0, 3), Uint8Array.of(2, 0xc3, 0xbc));
});

test("NET-29 the addresses of the name are read, from answers and additionals, in either case, flushing or not", () => {
  const shouted = wireName("PRINTER.Local")!;
  assert.deepEqual(texts(reply({ answers: [record(NAME, 1, [192, 168, 1, 9])] })), ["192.168.1.9"]);
  assert.deepEqual(
    texts(reply({ answers: [record(shouted, 1, [192, 168, 1, 9], 0x8001)], additionals: [record(NAME, 28, V6)] })),
    ["192.168.1.9", "fe80::9"],
  );
  const question = bytes(NAME, [0, 1, 0, 1]);
  const pointer = bytes([0xc0, 12]);
  assert.deepEqual(texts(reply({ questions: [question], answers: [record(pointer, 1, [10, 0, 0, 1])] })), ["10.0.0.1"]);
  const partly = bytes([7], [...new TextEncoder().encode("printer")], [0xc0, 12 + 8]);
  assert.deepEqual(texts(reply({ questions: [question], answers: [record(partly, 1, [10, 0, 0, 1])] })), ["10.0.0.1"]);
});

const OTHERS: readonly (readonly [title: string, message: Uint8Array])[] = [
  ["another number", reply({ id: 1, answers: [record(NAME, 1, [10, 0, 0, 1])] })],
  ["a question", reply({ flags: 0, answers: [record(NAME, 1, [10, 0, 0, 1])] })],
  ["another operation", reply({ flags: 0x8800, answers: [record(NAME, 1, [10, 0, 0, 1])] })],
  ["an error", reply({ flags: 0x8403, answers: [record(NAME, 1, [10, 0, 0, 1])] })],
  ["another name", reply({ answers: [record(wireName("printer2.local")!, 1, [10, 0, 0, 1])] })],
  ["a name that begins alike", reply({ answers: [record(wireName("printer.local.evil")!, 1, [10, 0, 0, 1])] })],
  ["a name that ends alike", reply({ answers: [record(wireName("a.printer.local")!, 1, [10, 0, 0, 1])] })],
  ["an alias", reply({ answers: [record(NAME, 5, [10, 0, 0, 1])] })],
  ["another class", reply({ answers: [record(NAME, 1, [10, 0, 0, 1], 3)] })],
  ["an A record of 16 bytes", reply({ answers: [record(NAME, 1, V6)] })],
  ["an AAAA record of 4 bytes", reply({ answers: [record(NAME, 28, [10, 0, 0, 1])] })],
  ["an A record of 3 bytes", reply({ answers: [record(NAME, 1, [10, 0, 1])] })],
  ["a pointer to itself", reply({ answers: [record(bytes([0xc0, 12]), 1, [10, 0, 0, 1])] })],
  ["a pointer ahead", reply({ answers: [record(bytes([0xc0, 40]), 1, [10, 0, 0, 1])] })],
  ["a label of the kind that never was", reply({ answers: [record(bytes([0x41], NAME), 1, [10, 0, 0, 1])] })],
  ["a promise of more records", bytes(reply({}).slice(0, 7), [9], reply({}).slice(8))],
  ["nothing", new Uint8Array(0)],
];

for (const [title, message] of OTHERS) {
  test(`NET-29 ${title} is no answer`, () => assert.deepEqual(texts(message), []));
}

test("NET-29 a family that was not asked for is not given", () => {
  const both = reply({ answers: [record(NAME, 1, [10, 0, 0, 1]), record(NAME, 28, V6)] });
  assert.deepEqual(texts(both, [A]), ["10.0.0.1"]);
  assert.deepEqual(texts(reply({ ...{}, id: AAAA.id, answers: [record(NAME, 28, V6)] }), [AAAA]), ["fe80::9"]);
});

test("NET-29 a message that ends anywhere in the middle is no answer", () => {
  const whole = reply({ answers: [record(NAME, 1, [10, 0, 0, 1])], additionals: [record(NAME, 28, V6)] });
  assert.equal(texts(whole).length, 2);
  for (let length = 0; length < whole.length; length++) assert.deepEqual(texts(whole.slice(0, length)), []);
});
