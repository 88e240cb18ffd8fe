/** What every back end must do with TCP servers: one suite, run against each runtime's back end and the memory one. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { parseIpAddress } from "../../core/ip_address.ts";
import type { ByteLink, ConnectOptions, NetGaps } from "../../net/port.ts";
import type { LinkListener, ListenOptions } from "../../net/server_port.ts";
import { test, type TestOptions } from "../support/harness.ts";
import { testGrant } from "../support/test_grant.ts";
import type { ContractHost } from "./contract_host.ts";
import { collect, echo, patternBytes, stalled, utf8 } from "./link_tools.ts";
import { connectOptions, rejectsWith } from "./net_contract.ts";

const MIB = 1024 * 1024;

/** What a test of the suite works with. Everything it opens is closed after it. */
export interface ServerScene {
  readonly host: ContractHost;
  /** Listens; on 127.0.0.1 and a port of the system's choice by default. */
  listen(
    options?: Partial<ListenOptions>,
    at?: { readonly host?: string; readonly port?: number },
  ): Promise<LinkListener>;
  /** Connects to a listener; at its own address by default. */
  dial(listener: LinkListener, host?: string, options?: Partial<ConnectOptions>): Promise<ByteLink>;
  /** Connects, and accepts the connection. */
  meet(listener: LinkListener, host?: string): Promise<{ readonly client: ByteLink; readonly server: ByteLink }>;
  /** Closes a link after the test. */
  keep<T extends ByteLink>(link: T): T;
}

type Check = (title: string, body: (scene: ServerScene) => Promise<void>, options?: TestOptions) => void;

/**
 * Registers the suite.
 *
 * @param name The back end's name, put before each title.
 * @param makeHost Makes the host for one test.
 * @param gaps What the back end is known to lack.
 */
export function serverContract(name: string, makeHost: () => ContractHost, gaps: NetGaps): void {
  const check: Check = (title, body, options = {}) =>
    test(`${name} server: ${title}`, () => withServerScene(makeHost(), body), options);
  listening(check, gaps);
  accepting(check);
  waiting(check, gaps);
  closing(check);
  carrying(check, gaps);
}

/** Runs a body, and closes what it opened. */
export async function withServerScene(host: ContractHost, body: (scene: ServerScene) => Promise<void>): Promise<void> {
  const open: { close(): void }[] = [];
  const keep = <T extends { close(): void }>(thing: T): T => {
    open.push(thing);
    return thing;
  };
  const listen: ServerScene["listen"] = async (options = {}, { host: text = "127.0.0.1", port = 0 } = {}) => {
    const all: ListenOptions = { backlog: 16, ipv6Only: false, noDelay: true, keepAliveDelayMs: null, ...options };
    const at = { address: parseIpAddress(text)!, port };
    return keep(await host.net.listenTcp(testGrant({ scheme: "listen" }), at, all));
  };
  const dial: ServerScene["dial"] = async ({ local }, text = local.address, options = {}) => {
    const target = { address: parseIpAddress(text)!, port: local.port };
    return keep(await host.net.connect(testGrant(), target, connectOptions(options)));
  };
  const meet: ServerScene["meet"] = async (listener, text) => {
    const accepted = listener.accept();
    const client = await dial(listener, text);
    return { client, server: keep(given(await accepted)) };
  };
  try {
    await body({ host, listen, dial, meet, keep });
  } finally {
    for (const thing of open.reverse()) thing.close();
  }
}

/** What `accept` gave, which must be a connection. */
export function given(link: ByteLink | null): ByteLink {
  assert.ok(link !== null, "the listener is closed");
  return link;
}

function listening(check: Check, gaps: NetGaps): void {
  check("NET-22 listens on a port of the system's choice and says which", async ({ listen }) => {
    const [first, second] = [await listen(), await listen()];
    assert.equal(first.local.address, "127.0.0.1");
    assert.ok(first.local.port >= 1024 && first.local.port <= 65_535);
    assert.notEqual(first.local.port, second.local.port);
    assert.equal(first.overflowed, 0);
  });

  check("NET-22 refuses an address and port that are in use with NET_IN_USE", async ({ listen }) => {
    const { local } = await listen();
    for (const host of ["127.0.0.1", "0.0.0.0"]) {
      await rejectsWith(listen({}, { host, port: local.port }), "NET_IN_USE");
    }
  });

  check("NET-22 refuses an address that is not of this machine with NET_IN_USE", async ({ host, listen }) => {
    // In memory every address is of the machine.
    if (!host.traits.realSockets) return;
    for (const text of ["203.0.113.7", "2001:db8::7"]) await rejectsWith(listen({}, { host: text }), "NET_IN_USE");
  });

  check("NET-22 answers on every address of the machine when it listens on an unspecified one", async (scene) => {
    const { host, listen, meet } = scene;
    const listener = await listen({}, { host: "0.0.0.0" });
    assert.equal(listener.local.address, "0.0.0.0");
    for (const text of host.traits.realSockets ? ["127.0.0.1", "127.0.0.2"] : ["127.0.0.1"]) {
      const { client, server } = await meet(listener, text);
      assert.deepEqual(server.local, { address: text, port: listener.local.port });
      assert.deepEqual(client.remote, server.local);
    }
  });

  check("NET-22 takes IPv4 on :: and gives such peers as IPv4", async ({ listen, meet }) => {
    const listener = await listen({}, { host: "::" });
    assert.equal(listener.local.address, "::");
    const four = await meet(listener, "127.0.0.1");
    assert.equal(four.server.remote.address, "127.0.0.1");
    assert.equal(four.server.local.address, "127.0.0.1");
    assert.equal((await meet(listener, "::1")).server.local.address, "::1");
  });

  check("NET-22 keeps IPv4 off with ipv6Only, as the gaps say", async ({ listen, dial, keep }) => {
    const listener = await listen({ ipv6Only: true }, { host: "::" });
    // Another program may have the port of IPv4, so only what is accepted here tells. It stays open: a connection that ended
    // may leave the queue.
    const four = await dial(listener, "127.0.0.1").catch(() => null);
    const six = await dial(listener, "::1");
    const first = gaps.serverIpv6OnlyIgnored ? four : six;
    assert.deepEqual(keep(given(await listener.accept())).remote, first?.local);
  });

  check("NET-04 leaves no descriptor behind after 20 listeners with a connection each", async (scene) => {
    if (!scene.host.traits.realSockets) return;
    const once = async (): Promise<void> => {
      const listener = await scene.listen();
      const { client, server } = await scene.meet(listener);
      const left = await scene.dial(listener);
      for (const thing of [client, server, listener, left]) thing.close();
    };
    await once();
    const before = await settledDescriptors();
    for (let i = 0; i < 20; i++) await once();
    const after = await settledDescriptors();
    assert.ok(after <= before + 2, `${before} descriptors before, ${after} after`);
  });
}

function accepting(check: Check): void {
  check("DS-60 gives both ends of an accepted connection", async ({ listen, meet }) => {
    const listener = await listen();
    const { client, server } = await meet(listener);
    assert.deepEqual(server.local, listener.local);
    assert.deepEqual(server.remote, client.local);
    assert.deepEqual(client.remote, server.local);
    assert.equal(server.bufferedBytes, 0);
  });

  check("DS-62 accepts in the order in which connections came", async ({ listen, dial, keep }) => {
    const listener = await listen();
    const clients: ByteLink[] = [];
    for (let i = 0; i < 5; i++) clients.push(await dial(listener));
    for (const [i, client] of clients.entries()) {
      const server = keep(given(await listener.accept()));
      await client.write(Uint8Array.of(i));
      assert.deepEqual([...(await server.readChunk())!], [i]);
    }
  });

  check("serves 100 connections at once", async ({ listen, dial }) => {
    const listener = await listen({ backlog: 128 });
    const serving = (async () => {
      const services: Promise<void>[] = [];
      for (let link = await listener.accept(); link !== null; link = await listener.accept()) {
        const accepted = link;
        services.push(echo(accepted).finally(() => accepted.close()));
      }
      await Promise.all(services);
      return services.length;
    })();
    await Promise.all(Array.from({ length: 100 }, async (_, i) => {
      const client = await dial(listener);
      await client.write(utf8(`hello ${i}`));
      await client.closeWrite();
      assert.equal(new TextDecoder().decode(await collect(client)), `hello ${i}`);
      client.close();
    }));
    listener.close();
    assert.equal(await serving, 100);
  });

  check("refuses a second accept while one is under way", async ({ listen }) => {
    const listener = await listen();
    const first = listener.accept();
    await rejectsWith(listener.accept(), "INTERNAL_INVARIANT");
    listener.close();
    assert.equal(await first, null);
  });
}

function waiting(check: Check, gaps: NetGaps): void {
  check("NET-03 stalls a peer that nobody has accepted yet, and keeps what it sent", async ({ listen, dial, keep }) => {
    const total = 32 * MIB;
    const piece = patternBytes(256 * 1024);
    const listener = await listen();
    const client = await dial(listener);
    let written = 0;
    const writing = (async () => {
      for (; written < total; written += piece.byteLength) await client.write(piece);
      await client.closeWrite();
    })();
    await stalled(() => written);
    assert.ok(written < total / 2, `the peer got rid of ${written} bytes`);
    const server = keep(given(await listener.accept()));
    let got = 0;
    for (let chunk = await server.readChunk(); chunk !== null; chunk = await server.readChunk()) {
      got += chunk.byteLength;
    }
    await writing;
    assert.equal(got, total);
  });

  check("NET-03 stalls the peer of an accepted connection that nobody reads", async ({ listen, meet }) => {
    const { client, server } = await meet(await listen());
    let written = 0;
    const writing = (async () => {
      for (; written < 32 * MIB; written += MIB) await client.write(new Uint8Array(MIB));
    })();
    await stalled(() => written);
    assert.ok(written < 16 * MIB, `the peer got rid of ${written} bytes`);
    assert.ok(server.bufferedBytes <= 2 * MIB, `the link holds ${server.bufferedBytes} bytes`);
    server.close();
    await assert.rejects(writing);
  });

  check("DS-62 lets at most backlog connections wait, as the gaps say", async ({ listen, dial, keep }) => {
    const listener = await listen({ backlog: 2 });
    const links: ByteLink[] = [];
    const ends: Promise<unknown>[] = [];
    const dialing = Array.from({ length: 5 }, async () => {
      const client = await dial(listener);
      links.push(client);
      ends.push(client.readChunk().catch((error) => error.code));
      await Promise.resolve(client.write(utf8("waiting"))).catch(() => {});
    });
    await Promise.all(gaps.acceptsEagerly ? dialing : dialing.slice(0, 2));
    if (gaps.acceptsEagerly) {
      await stalled(() => listener.overflowed);
      assert.equal(listener.overflowed, 3);
    } else {
      await stalled(() => links.length);
      assert.ok(links.length < 5, "all of them were let in");
    }
    for (let i = 0; i < (gaps.acceptsEagerly ? 2 : 5); i++) {
      const server = keep(given(await listener.accept()));
      assert.equal(new TextDecoder().decode((await server.readChunk())!), "waiting");
      await server.closeWrite();
    }
    await Promise.allSettled(dialing);
    const heard = (await Promise.all(ends)).map((end) => end === null ? "end" : end);
    const expected = gaps.acceptsEagerly ? ["NET_RESET", "NET_RESET", "NET_RESET", "end", "end"] : Array(5).fill("end");
    assert.deepEqual(heard.sort(), expected);
    assert.equal(listener.overflowed, gaps.acceptsEagerly ? 3 : 0);
  });

  check("goes on after peers broke their waiting connections off", async ({ listen, dial, keep }) => {
    const listener = await listen();
    for (let i = 0; i < 3; i++) (await dial(listener)).reset();
    await (await dial(listener)).write(utf8("alive"));
    for (let heard = ""; heard !== "alive";) {
      const server = keep(given(await listener.accept()));
      // Where the system hands a dead connection out, it is over at once.
      const chunk = await server.readChunk().catch((error) => void assert.equal(error.code, "NET_RESET"));
      heard = new TextDecoder().decode(chunk ?? new Uint8Array());
    }
  });
}

function closing(check: Check): void {
  check("DS-61 gives null to a pending accept when it is closed, and to later ones", async ({ listen }) => {
    const listener = await listen();
    const pending = listener.accept();
    listener.close();
    listener.close();
    assert.equal(await pending, null);
    assert.equal(await listener.accept(), null);
  });

  check("DS-61 refuses connections once it is closed, and its port is free again", async ({ listen, dial }) => {
    const listener = await listen();
    const { port } = listener.local;
    listener.close();
    await rejectsWith(dial(listener), "NET_REFUSED");
    assert.equal((await listen({}, { port })).local.port, port);
  });

  check("DS-61 breaks off what waits; what was accepted goes on", async ({ listen, dial, meet }) => {
    const listener = await listen();
    const { client, server } = await meet(listener);
    const left = [await dial(listener), await dial(listener)];
    listener.close();
    for (const link of left) await rejectsWith(link.readChunk(), "NET_RESET");
    await server.write(utf8("still here"));
    assert.equal(new TextDecoder().decode((await client.readChunk())!), "still here");
    await client.write(utf8("so am I"));
    assert.equal(new TextDecoder().decode((await server.readChunk())!), "so am I");
  });
}

function carrying(check: Check, gaps: NetGaps): void {
  check("NET-04 half-closes an accepted connection, either side first", async ({ listen, meet }) => {
    const listener = await listen();
    for (const [first, second] of [["server", "client"], ["client", "server"]] as const) {
      const ends = await meet(listener);
      await ends[first].write(utf8("bye"));
      await ends[first].closeWrite();
      assert.equal(new TextDecoder().decode(await collect(ends[second])), "bye");
      const writing = Promise.resolve(ends[second].write(patternBytes(200_001))).then(() => ends[second].closeWrite());
      assert.equal((await collect(ends[first])).byteLength, 200_001);
      await writing;
    }
  });

  check("NET-04 carries a reset either way, as the gaps say", async ({ listen, meet }) => {
    const listener = await listen();
    for (const [first, second] of [["server", "client"], ["client", "server"]] as const) {
      const ends = await meet(listener);
      await ends[second].write(utf8("hello"));
      await ends[first].readChunk();
      const end = ends[second].readChunk().catch((error) => error.code);
      ends[first].reset();
      assert.equal(await end, gaps.resetSendsFin ? null : "NET_RESET");
      await rejectsWith(ends[first].readChunk(), "NET_CLOSED");
    }
  });

  check("NET-04 rejects what is pending on an accepted connection when it is closed", async ({ listen, meet }) => {
    const { client, server } = await meet(await listen());
    const pending = rejectsWith(server.readChunk(), "NET_CLOSED");
    server.close();
    await pending;
    await rejectsWith(Promise.resolve(server.write(utf8("x"))), "NET_CLOSED");
    assert.equal(await client.readChunk(), null);
  });

  check("carries 8 MiB both ways at once over an accepted connection", async ({ listen, meet }) => {
    const { client, server } = await meet(await listen());
    const sent = patternBytes(8 * MIB);
    const serving = echo(server);
    const sending = (async () => {
      for (let at = 0; at < sent.byteLength; at += 100_000) await client.write(sent.subarray(at, at + 100_000));
      await client.closeWrite();
    })();
    const got = await collect(client);
    await Promise.all([sending, serving]);
    assert.ok(got.byteLength === sent.byteLength && got.every((byte, i) => byte === sent[i]));
  });
}

/** The number of open descriptors once it has come to rest. */
export async function settledDescriptors(): Promise<number> {
  const count = (): number => readdirSync("/proc/self/fd").length;
  await stalled(count);
  return count();
}
