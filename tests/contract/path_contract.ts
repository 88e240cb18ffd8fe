/** What every back end must do with sockets in the file system. */
import assert from "node:assert/strict";
import { linkSync, lstatSync, readdirSync, readFileSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { ByteLink, NetGaps } from "../../net/port.ts";
import type { LinkListener } from "../../net/server_port.ts";
import { test } from "../support/harness.ts";
import { makeTempDirectory } from "../support/temp_directory.ts";
import { testGrant } from "../support/test_grant.ts";
import type { ContractHost } from "./contract_host.ts";
import { collect, echo, patternBytes, stalled, utf8 } from "./link_tools.ts";
import { rejectsWith } from "./net_contract.ts";
import { given, settledDescriptors } from "./server_contract.ts";

const MIB = 1024 * 1024;

/** What a test of the suite works with. Everything it opens is closed after it. */
interface PathScene {
  readonly host: ContractHost;
  /** An empty directory. */
  readonly directory: string;
  /** A path in it where nothing is. */
  readonly path: string;
  /** Listens there, or somewhere else. */
  listen(path?: string, backlog?: number): Promise<LinkListener>;
  /** Connects there, or somewhere else. */
  dial(path?: string, signal?: AbortSignal): Promise<ByteLink>;
  /** Connects, and accepts the connection. */
  meet(listener: LinkListener): Promise<{ readonly client: ByteLink; readonly server: ByteLink }>;
}

type Check = (title: string, body: (scene: PathScene) => Promise<void>) => void;

/**
 * Registers the suite.
 *
 * @param name The back end's name, put before each title.
 * @param makeHost Makes the host for one test.
 * @param gaps What the back end is known to lack.
 */
export function pathContract(name: string, makeHost: () => ContractHost, gaps: NetGaps): void {
  const check: Check = (title, body) => test(`${name} path: ${title}`, () => withPathScene(makeHost(), body));
  connecting(check);
  listening(check, gaps);
  // In memory there are no files.
  if (makeHost().traits.realSockets) owning(check);
}

async function withPathScene(host: ContractHost, body: (scene: PathScene) => Promise<void>): Promise<void> {
  await using temporary = await makeTempDirectory("path");
  const directory = temporary.path;
  const path = join(directory, "test.sock");
  const open: { close(): void }[] = [];
  const keep = <T extends { close(): void }>(thing: T): T => {
    open.push(thing);
    return thing;
  };
  const grant = testGrant({ scheme: "unix", host: path });
  const listen: PathScene["listen"] = async (at = path, backlog = 16) =>
    keep(await host.net.listenPath(grant, at, { backlog }));
  const dial: PathScene["dial"] = async (at = path, signal = new AbortController().signal) =>
    keep(await host.net.connectPath(grant, at, { signal }));
  const meet: PathScene["meet"] = async (listener) => {
    const accepted = listener.accept();
    const client = await dial(listener.local.address);
    return { client, server: keep(given(await accepted)) };
  };
  try {
    await body({ host, directory, path, listen, dial, meet });
  } finally {
    for (const thing of open.reverse()) thing.close();
  }
}

function connecting(check: Check): void {
  check("gives the path as both ends, and port 0", async ({ path, listen, meet }) => {
    const listener = await listen();
    const { client, server } = await meet(listener);
    const ends = [listener.local, client.remote, client.local, server.remote, server.local];
    for (const end of ends) assert.deepEqual(end, { address: path, port: 0 });
  });

  check("carries 1 MiB both ways at once, and half-closes", async ({ listen, meet }) => {
    const { client, server } = await meet(await listen());
    const sent = patternBytes(MIB);
    const serving = echo(server);
    const sending = Promise.resolve(client.write(sent)).then(() => client.closeWrite());
    const got = await collect(client);
    await Promise.all([sending, serving]);
    assert.ok(got.byteLength === MIB && got.every((byte, i) => byte === sent[i]));
  });

  check("refuses with NET_REFUSED where nothing listens", async ({ host, directory, path, listen, dial }) => {
    await rejectsWith(dial(), "NET_REFUSED");
    await rejectsWith(dial(join(directory, "nowhere", "test.sock")), "NET_REFUSED");
    const listener = await listen();
    listener.close();
    await rejectsWith(dial(), "NET_REFUSED");
    if (!host.traits.realSockets) return;
    writeFileSync(path, "a file");
    await rejectsWith(dial(), "NET_REFUSED");
  });

  check("does not begin to connect when the signal has already fired", async ({ listen, dial }) => {
    const listener = await listen();
    const reason = new TypeError("mine");
    const attempt = dial(listener.local.address, AbortSignal.abort(reason));
    await assert.rejects(attempt, (error: Error) => error.cause === reason);
  });

  check("NET-03 stalls the peer of an accepted connection that nobody reads", async ({ listen, meet }) => {
    const { client, server } = await meet(await listen());
    let written = 0;
    const writing = (async () => {
      for (; written < 16 * MIB; written += MIB) await client.write(new Uint8Array(MIB));
    })();
    await stalled(() => written);
    assert.ok(written < 8 * MIB, `the peer got rid of ${written} bytes`);
    server.close();
    await assert.rejects(writing);
  });
}

function listening(check: Check, gaps: NetGaps): void {
  check("refuses a path that another listener has with NET_IN_USE", async ({ listen, meet }) => {
    const listener = await listen();
    await rejectsWith(listen(), "NET_IN_USE");
    await meet(listener);
  });

  check("keeps what waits unread, and breaks it off when it is closed", async ({ listen, dial, meet }) => {
    const listener = await listen();
    const { client, server } = await meet(listener);
    const left = await dial();
    await left.write(utf8("never read"));
    listener.close();
    // A local socket has no reset of its own; what it sent unread makes one on most systems.
    const end = await left.readChunk().catch((error) => error.code);
    assert.ok(end === null || end === "NET_RESET", String(end));
    await server.write(utf8("still here"));
    assert.equal(new TextDecoder().decode((await client.readChunk())!), "still here");
  });

  check("gives null to accept when it is closed, and its path is free again", async ({ path, listen }) => {
    const listener = await listen();
    const pending = listener.accept();
    listener.close();
    listener.close();
    assert.equal(await pending, null);
    assert.equal(await listener.accept(), null);
    assert.equal((await listen()).local.address, path);
  });

  if (!gaps.acceptsEagerly) return;
  check("lets at most backlog connections wait", async ({ listen, dial }) => {
    const listener = await listen(undefined, 1);
    for (let i = 0; i < 3; i++) {
      await dial();
      await stalled(() => listener.overflowed);
    }
    assert.equal(listener.overflowed, 2);
  });
}

function owning(check: Check): void {
  check("makes a socket that only its owner may use, whatever the umask, and nothing else", async (scene) => {
    const umask = process.umask(0);
    try {
      await scene.listen();
    } finally {
      process.umask(umask);
    }
    const made = lstatSync(scene.path);
    assert.ok(made.isSocket());
    assert.equal((made.mode & 0o777).toString(8), "600");
    assert.deepEqual(readdirSync(scene.directory), ["test.sock"]);
  });

  check("removes its path when it is closed, and nothing is left", async ({ directory, listen }) => {
    (await listen()).close();
    assert.deepEqual(readdirSync(directory), []);
  });

  check("touches nothing that is there already", async ({ directory, path, listen }) => {
    writeFileSync(path, "precious");
    await rejectsWith(listen(), "NET_IN_USE");
    assert.equal(readFileSync(path, "utf8"), "precious");
    symlinkSync("/nonexistent", join(directory, "link"));
    await rejectsWith(listen(join(directory, "link")), "NET_IN_USE");
    assert.deepEqual(readdirSync(directory).sort(), ["link", "test.sock"]);
  });

  check("takes a socket that nobody listens on any more for something that is there", async (scene) => {
    const listener = await scene.listen();
    linkSync(scene.path, join(scene.directory, "stale.sock"));
    listener.close();
    await rejectsWith(scene.listen(join(scene.directory, "stale.sock")), "NET_IN_USE");
    assert.deepEqual(readdirSync(scene.directory), ["stale.sock"]);
  });

  check("leaves what somebody else put in its place", async ({ path, listen }) => {
    const listener = await listen();
    unlinkSync(path);
    writeFileSync(path, "another's");
    listener.close();
    await stalled(() => 0);
    assert.equal(readFileSync(path, "utf8"), "another's");
  });

  check("fails with NET_FAILED where there is no such directory, or its path is too long", async (scene) => {
    await rejectsWith(scene.listen(join(scene.directory, "nowhere", "test.sock")), "NET_FAILED");
    await rejectsWith(scene.listen(join(scene.directory, "x".repeat(108 - scene.directory.length))), "NET_FAILED");
    assert.deepEqual(readdirSync(scene.directory), []);
  });

  check("NET-04 leaves no descriptor behind after 20 listeners with a connection each", async ({ listen, meet }) => {
    const once = async (): Promise<void> => {
      const listener = await listen();
      const { client, server } = await meet(listener);
      for (const thing of [client, server, listener]) thing.close();
    };
    await once();
    const before = await settledDescriptors();
    for (let i = 0; i < 20; i++) await once();
    const after = await settledDescriptors();
    assert.ok(after <= before + 2, `${before} descriptors before, ${after} after`);
  });
}
