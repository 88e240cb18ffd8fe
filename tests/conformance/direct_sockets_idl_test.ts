import assert from "node:assert/strict";
import { test } from "../support/harness.ts";
import { ONCE } from "../support/broker_fixture.ts";
import { conversionDifferences, type TakenDictionary } from "./conversion_check.ts";
import { type Faces, makeFaces, PORT } from "./faces.ts";
import { readIdl } from "./idl_model.ts";
import { interfaceDifferences } from "./interface_check.ts";
import { knownDifferences } from "./known_differences.ts";
import { dictionaryDifferences } from "./value_check.ts";

/** Interfaces that have to be there. One that is not on this list is checked as soon as it is there. */
const STRICT: readonly string[] = ["TCPSocket", "TCPServerSocket", "UDPSocket", "MulticastController"];

const model = await readIdl("direct_sockets");

type Constructor = new (...given: unknown[]) => object;

/** The classes by name: a face may have fewer than the draft. */
function classes({ directSockets }: Faces): Partial<Record<string, Constructor>> {
  return directSockets as unknown as Partial<Record<string, Constructor>>;
}

const present = classes(makeFaces());

function missing(name: string): string | null {
  return present[name] === undefined && !STRICT.includes(name) ? `${name} is not there yet` : null;
}

/** What each constructor takes without a complaint. */
const ARGUMENTS: ReadonlyMap<string, readonly unknown[]> = new Map<string, readonly unknown[]>([
  ["TCPSocket", ["host.example", PORT]],
  ["UDPSocket", [{ remoteAddress: "host.example", remotePort: PORT }]],
  ["TCPServerSocket", ["127.0.0.1"]],
]);

for (const [name, idl] of model.interfaces) {
  test(
    `DS-01 ${name} is the interface of the draft: properties, names, lengths, errors, and nothing else`,
    async () => {
      const Class = classes(makeFaces())[name];
      const given = ARGUMENTS.get(name);
      const subject = given === undefined || Class === undefined ? { Class } : { Class, instance: new Class(...given) };
      assert.deepEqual(await interfaceDifferences(idl, subject, model), []);
    },
    { skip: missing(name) },
  );
}

test("DS-01 the face has the interfaces of the draft, and nothing else", () => {
  const known = [...model.interfaces.keys()];
  assert.deepEqual(Object.keys(present).filter((name) => !known.includes(name)), []);
  assert.deepEqual(STRICT.filter((name) => present[name] === undefined), []);
});

/** The options of each constructor: which rows they show, and how they are given. */
const OPTIONS: readonly (readonly [row: string, of: string, valid: Record<string, unknown>, before: unknown[]])[] = [
  ["DS-03 DS-04 DS-06", "TCPSocket", { keepAliveDelay: 1000, sendBufferSize: 1, receiveBufferSize: 1 }, [
    "host.example",
    PORT,
  ]],
  ["DS-03 DS-04 DS-09", "UDPSocket", { remoteAddress: "host.example", remotePort: PORT }, []],
  ["DS-03 DS-15", "TCPServerSocket", {}, ["127.0.0.1"]],
];

for (const [row, of, valid, before] of OPTIONS) {
  test(`${row} ${of}Options is converted as the draft defines it`, async () => {
    const dictionary: TakenDictionary = {
      name: `${of}Options`,
      model,
      valid,
      convert: (options) => {
        const Class = classes(makeFaces())[of];
        assert.ok(Class, `${of} is missing`);
        new Class(...before, options);
      },
    };
    assert.deepEqual(await conversionDifferences(dictionary), knownDifferences(`Direct Sockets ${of}Options`));
  }, { skip: missing(of) });
}

interface OpenSocket {
  readonly opened: Promise<{ readonly writable: WritableStream<unknown> }>;
  close(): Promise<void>;
}

/** Opens a socket of a class that the face has. */
function open(of: string): OpenSocket {
  const Class = classes(makeFaces([ONCE]))[of];
  assert.ok(Class, `${of} is missing`);
  return new Class(...ARGUMENTS.get(of) ?? []) as OpenSocket;
}

for (
  const [row, of, absent] of [
    ["DS-17", "TCPSocket", []],
    ["DS-49", "UDPSocket", ["multicastController"]],
    ["DS-60", "TCPServerSocket", []],
  ] as const
) {
  test(`${row} ${of}OpenInfo is the dictionary of the draft`, async () => {
    const socket = open(of);
    const info = await socket.opened;
    assert.deepEqual(dictionaryDifferences(info, { name: `${of}OpenInfo`, model, absent }), []);
    await socket.close();
  }, { skip: missing(of) });
}

test("DS-45 UDPMessage is converted as the draft defines it", async () => {
  const convert = async (message: unknown): Promise<void> => {
    const socket = open("UDPSocket");
    const writer = (await socket.opened).writable.getWriter();
    try {
      await writer.write(message);
    } finally {
      writer.releaseLock();
      await socket.close();
    }
  };
  const dictionary = { name: "UDPMessage", model, valid: { data: new Uint8Array(1) }, convert };
  assert.deepEqual(await conversionDifferences(dictionary), knownDifferences("Direct Sockets UDPMessage"));
}, { skip: missing("UDPSocket") });
