import assert from "node:assert/strict";
import { navigator as exported } from "../../mod.ts";
import * as rawSockets from "../../net/faces/raw_sockets/mod.ts";
import { ONCE } from "../support/broker_fixture.ts";
import { test } from "../support/harness.ts";
import { bindingDifferences } from "./binding_check.ts";
import { conversionDifferences } from "./conversion_check.ts";
import { makeFaces, PORT } from "./faces.ts";
import { readIdl } from "./idl_model.ts";
import { type Extensions, interfaceDifferences } from "./interface_check.ts";
import { knownDifferences } from "./known_differences.ts";

/** Operations and interfaces that have to be there. One that is not on this list is checked as soon as it is there. */
const STRICT: readonly string[] = ["TCPSocket", "UDPSocket", "openTCPSocket", "openUDPSocket"];

const model = await readIdl("raw_sockets");
const DESTINATION = { remoteAddress: "host.example", remotePort: PORT };

const EXTENSIONS: ReadonlyMap<string, Extensions> = new Map([
  [
    "TCPSocket",
    new Map<string | symbol, string>([
      ["localAddress", "of the open information of Direct Sockets"],
      ["localPort", "of the open information of Direct Sockets"],
      ["closed", "of Direct Sockets: tells when both directions have ended"],
      ["tlsInfo", "what was verified (RS-23)"],
      ["startTls", "the explainer's upgrade to TLS (RS-23)"],
      [Symbol.asyncDispose, "for await using"],
    ]),
  ],
  [
    "UDPSocket",
    new Map<string | symbol, string>([
      ["localAddress", "of the open information of Direct Sockets"],
      ["localPort", "of the open information of Direct Sockets"],
      ["sendBufferSize", "what the system really uses"],
      ["receiveBufferSize", "what the system really uses"],
      ["readable", "of Direct Sockets, for streams of messages (NET-07)"],
      ["writable", "of Direct Sockets, for streams of messages (NET-07)"],
      ["closed", "of Direct Sockets: tells when the socket has ended"],
      ["stats", "datagrams and bytes, and what was dropped and filtered (NET-27)"],
      ["addEventListener", "ICMP messages are events (NET-07)"],
      ["removeEventListener", "ICMP messages are events (NET-07)"],
      [Symbol.asyncDispose, "for await using"],
    ]),
  ],
]);

const present = rawSockets as unknown as Partial<Record<string, unknown>>;

function missing(name: string, holder: object): string | null {
  return name in holder || STRICT.includes(name) ? null : `${name} is not there yet`;
}

for (const [name, row] of [["TCPSocket", "RS-03"], ["UDPSocket", "RS-04"]] as const) {
  test(
    `${row} ${name} is the interface of 2021: properties, names, lengths, errors, and nothing undeclared`,
    async () => {
      const idl = model.interfaces.get(name);
      assert.ok(idl);
      const { navigator } = makeFaces([ONCE]);
      const open = (navigator as unknown as Record<string, (options: object) => Promise<{ close(): Promise<void> }>>)[
        `open${name}`
      ];
      const instance = await open?.(DESTINATION);
      assert.ok(instance);
      const subject = { Class: present[name], instance, extensions: EXTENSIONS.get(name) ?? new Map() };
      assert.deepEqual(await interfaceDifferences(idl, subject, model), knownDifferences(`Raw Sockets ${name}`));
      await instance.close();
    },
    { skip: missing(name, present) },
  );
}

for (const name of ["openTCPSocket", "openUDPSocket"]) {
  const { navigator } = makeFaces();
  for (const [title, holder] of [["navigator", navigator], ["the exported navigator", exported]] as const) {
    test(`RS-01 ${name}() of ${title} is the operation of 2021`, async () => {
      const idl = model.interfaces.get("Navigator");
      assert.ok(idl);
      assert.deepEqual(
        await bindingDifferences(idl, holder, { only: [name] }),
        knownDifferences(`Raw Sockets ${name}`),
      );
    }, { skip: missing(name, navigator) });
  }

  test(`RS-01 the options of ${name}() are converted as the definitions of 2021 say`, async () => {
    const { navigator } = makeFaces();
    const open = (navigator as unknown as Record<string, (options: unknown) => Promise<unknown>>)[name];
    const convert = async (options: unknown): Promise<void> => {
      // Nobody approves: what is refused for another reason than its type is refused as NotAllowedError.
      await open?.(options).catch((error) => {
        if (error.name !== "NotAllowedError") throw error;
      });
    };
    const widened = new Map([["keepAlive", "the explainer has a boolean where the definitions have seconds"]]);
    const dictionary = { name: "SocketOptions", model, valid: DESTINATION, widened, convert };
    assert.deepEqual(await conversionDifferences(dictionary), knownDifferences(`Raw Sockets ${name} options`));
  }, { skip: missing(name, navigator) });
}
