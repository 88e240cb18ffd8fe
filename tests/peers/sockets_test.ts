/** `parley sockets` among real processes of all runtimes: what it shows, what it leaves alone, and when nothing is shown. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmod, lstat, readdir, writeFile } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { ClientProcess, runClient } from "../support/client_process.ts";
import { PYTHON } from "../support/debian_package.ts";
import { eachRuntime, RUNTIMES } from "../support/each_runtime.ts";
import { makeTempDirectory } from "../support/temp_directory.ts";
import type { InventoryDocument } from "../../net/inventory_document.ts";
import type { TestRuntime } from "../support/runtimes.ts";
import { peerSuite } from "./peer_suite.ts";
import { startListen } from "./run_listen.ts";

const test = await peerSuite([], () => Promise.resolve({}));

interface RuntimeDirectory extends AsyncDisposable {
  /** The environment that names it. */
  readonly env: { readonly XDG_RUNTIME_DIR: string };
  /** Where Parley's sockets are. */
  readonly path: string;
}

async function runtimeDirectory(): Promise<RuntimeDirectory> {
  const temp = await makeTempDirectory("xdg");
  await chmod(temp.path, 0o700);
  return {
    env: { XDG_RUNTIME_DIR: temp.path },
    path: join(temp.path, "parley"),
    [Symbol.asyncDispose]: () => temp[Symbol.asyncDispose](),
  };
}

async function listed(runtime: TestRuntime, env: Readonly<Record<string, string>>): Promise<InventoryDocument[]> {
  const plan = { runtime, program: "cli/main.ts", args: ["sockets", "--json"], env };
  const { status, stdout, stderr } = await runClient(plan);
  assert.equal(status, 0, stderr);
  return (JSON.parse(stdout) as { processes: InventoryDocument[] }).processes;
}

/** Connects to a port or path of this machine; how the connection ends is of no interest. */
function dial(where: number | string): Socket {
  const socket = typeof where === "number" ? connect(where, "127.0.0.1") : connect(where);
  socket.on("error", () => {});
  return socket;
}

/** What stands there besides the count of attempts, which names nobody (NET-10). */
async function socketsIn(directory: string): Promise<string[]> {
  return (await readdir(directory)).filter((name) => !name.startsWith("attempts-"));
}

test("NET-22 CON-20 every process of the user is seen from every runtime, with what passed, until it ends", async () => {
  await using xdg = await runtimeDirectory();
  await using stack = new AsyncDisposableStack();
  const servers = await Promise.all(
    RUNTIMES.map(async (runtime) => stack.use(await startListen(runtime, ["--echo", "--keep"], { env: xdg.env }))),
  );
  const clients = await Promise.all(servers.map(async ({ port }) => {
    const socket = dial(port);
    stack.defer(() => void socket.destroy());
    socket.write("twelve bytes");
    await new Promise((resolve) => socket.once("data", resolve));
    return socket.localPort;
  }));
  assert.equal((await lstat(xdg.path)).mode & 0o777, 0o700);
  for (const name of await socketsIn(xdg.path)) {
    assert.match(name, /^\d+-[0-9a-f]{16}\.sock$/);
    assert.equal((await lstat(join(xdg.path, name))).mode & 0o777, 0o600);
  }
  await eachRuntime(async (reader) => {
    const processes = await listed(reader, xdg.env);
    assert.deepEqual(processes.map(({ runtime }) => runtime).sort(), [...RUNTIMES].sort());
    RUNTIMES.forEach((runtime, index) => {
      const found = processes.find((one) => one.runtime === runtime);
      assert.equal(found?.program, "parley:listen");
      const [server, connection, ...more] = found?.sockets ?? [];
      assert.deepEqual(more, []);
      assert.deepEqual([server?.kind, server?.local.port, server?.received], ["listen", servers[index]?.port, 1]);
      assert.deepEqual(
        [connection?.kind, connection?.remote?.port, connection?.bytesReceived, connection?.bytesSent],
        ["tcp", clients[index], 12, 12],
      );
      assert.equal(connection?.destination, "listen://127.0.0.1:0");
      assert.ok(Math.abs(Date.now() - (found?.startedAtMs ?? 0)) < 60_000);
    });
    const table = await runClient({ runtime: reader, program: "cli/main.ts", args: ["sockets"], env: xdg.env });
    assert.equal(
      table.stdout.match(/listen:\/\/127\.0\.0\.1:0, NOT ENCRYPTED/g)?.length,
      3,
      table.stdout + table.stderr,
    );
    for (const line of table.stdout.split("\n")) assert.ok(line.length < 80, line);
  });
  for (const { client } of servers) client.signal("SIGINT");
  await Promise.all(servers.map(({ client }) => client.result()));
  assert.deepEqual(await socketsIn(xdg.path), [], "each took its socket away");
  assert.deepEqual(await listed("node", xdg.env), []);
});

test("NET-22 a process that shows its sockets ends when it is done, all the same", async () => {
  await eachRuntime(async (runtime) => {
    await using xdg = await runtimeDirectory();
    await using listen = await startListen(runtime, ["--echo"], { env: xdg.env });
    await readdir(xdg.path);
    const socket = dial(listen.port);
    socket.end();
    socket.resume();
    const { status, stderr } = await listen.client.result();
    assert.equal(status, 0, stderr);
  });
});

test("CON-20 whoever asks is not listened to, and holds up nobody for longer than a second", async () => {
  await using xdg = await runtimeDirectory();
  await eachRuntime(async (runtime) => {
    await using _listen = await startListen(runtime, ["--echo", "--keep"], { env: xdg.env });
    const pid = (await listed("node", xdg.env)).find((one) => one.runtime === runtime)?.pid;
    const name = (await readdir(xdg.path)).find((one) => one.startsWith(`${pid}-`)) ?? "";
    const rude = dial(join(xdg.path, name));
    rude.pause();
    rude.write("close everything\n".repeat(100_000));
    const [shown] = (await listed("node", xdg.env)).filter((one) => one.runtime === runtime);
    assert.equal(shown?.sockets.length, 1);
    rude.destroy();
  });
});

test("CON-20 what dead processes have left is removed; what is not Parley's, or lives, is left alone", async () => {
  await using xdg = await runtimeDirectory();
  await using _listen = await startListen("node", ["--echo"], { env: xdg.env });
  const dead = Number(execFileSync("/bin/sh", ["-c", "echo $$"], { encoding: "utf8" }));
  // A socket whose listener is gone, of a dead process and of a living one.
  for (const pid of [dead, process.pid]) {
    const left = join(xdg.path, `${pid}-0123456789abcdef.sock`);
    const make = "import socket, sys; s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1])";
    execFileSync(PYTHON, ["-c", make, left]);
  }
  await writeFile(join(xdg.path, `${dead}-1111111111111111.sock`), "a file");
  await writeFile(join(xdg.path, "note.txt"), "a file");
  const processes = await listed("bun", xdg.env);
  assert.deepEqual(processes.map(({ runtime }) => runtime), ["node"]);
  const names = await readdir(xdg.path);
  assert.ok(!names.includes(`${dead}-0123456789abcdef.sock`));
  for (const name of [`${process.pid}-0123456789abcdef.sock`, `${dead}-1111111111111111.sock`, "note.txt"]) {
    assert.ok(names.includes(name), name);
  }
});

test("CON-11 CON-20 a process that answers nonsense, too much, or nothing is named, and no more", async () => {
  await using xdg = await runtimeDirectory();
  await using listen = await startListen("deno", ["--echo"], { env: xdg.env });
  const answers = ["\u001b[2J not JSON", "x".repeat(9 * 1024 * 1024), null];
  await using stack = new AsyncDisposableStack();
  for (const [index, answer] of answers.entries()) {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      if (answer !== null) socket.end(answer);
      stack.defer(() => void socket.destroy());
    });
    const at = join(xdg.path, `${process.pid}-${String(index).repeat(16)}.sock`);
    await new Promise<void>((resolve) => server.listen(at, resolve));
    stack.defer(() => new Promise<void>((resolve) => server.close(() => resolve())));
  }
  await eachRuntime(async (runtime) => {
    const plan = { runtime, program: "cli/main.ts", args: ["sockets"], env: xdg.env };
    const { status, stdout, stderr } = await runClient(plan);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /parley:listen \(process \d+, deno\)/);
    assert.equal(stderr.match(/gave no answer that can be read/g)?.length, 1, stderr);
    assert.equal(stderr.match(/did not answer/g)?.length, 2, stderr);
    assert.ok(!(stdout + stderr).includes("\u001b"));
  });
  listen.client.signal("SIGINT");
  await listen.client.result();
});

test("NET-20 CON-20 in private mode, and without a runtime directory of the user's own, nothing is shown or written", async () => {
  await eachRuntime(async (runtime) => {
    await using xdg = await runtimeDirectory();
    for (const env of [{ ...xdg.env, PARLEY_PRIVATE: "1" }, { XDG_RUNTIME_DIR: "" }]) {
      await using listen = await startListen(runtime, ["--echo"], { env });
      await assert.rejects(readdir(xdg.path), { code: "ENOENT" });
      listen.client.signal("SIGINT");
      assert.equal((await listen.client.result()).status, 130);
    }
    const plan = { runtime, program: "cli/main.ts", args: ["sockets"], env: { XDG_RUNTIME_DIR: "" } };
    const { status, stderr } = await runClient(plan);
    assert.equal(status, 78);
    assert.match(stderr, /XDG_RUNTIME_DIR is not set \[CONFIG_INVALID\]/);
    await chmod(xdg.env.XDG_RUNTIME_DIR, 0o777);
    await using open = await startListen(runtime, ["--echo"], { env: xdg.env });
    await assert.rejects(readdir(xdg.path), { code: "ENOENT" });
    const exposed = await runClient({ ...plan, env: xdg.env });
    assert.equal(exposed.status, 78, exposed.stderr);
    open.client.signal("SIGINT");
    await open.client.result();
  });
});

test("NET-22 --watch looks again and again, with rates, and without cursor tricks into a pipe", async () => {
  await using xdg = await runtimeDirectory();
  await using listen = await startListen("bun", ["--echo", "--keep"], { env: xdg.env });
  const socket = dial(listen.port);
  socket.write("x");
  await new Promise((resolve) => socket.once("data", resolve));
  await eachRuntime(async (runtime) => {
    const args = ["sockets", "--watch", "--interval", "0.2"];
    await using watch = await ClientProcess.start({ runtime, program: "cli/main.ts", args, env: xdg.env });
    await watch.expect(/(?:^KIND [^]*){3}/m);
    await watch.expect(/0 B\/s in, 0 B\/s out/);
    watch.signal("SIGINT");
    const { status, stdout } = await watch.result();
    assert.equal(status, 130);
    assert.ok(!stdout.includes("\u001b"));
  });
  socket.destroy();
});
