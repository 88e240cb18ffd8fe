/** Delegation to real Workers (NET-13): both kinds, on the three runtimes. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { eachRuntime } from "../support/each_runtime.ts";
import { test } from "../support/harness.ts";
import type { TestRuntime } from "../support/runtimes.ts";
import { makeTempDirectory } from "../support/temp_directory.ts";
import { runOrigin } from "./origins_run.ts";

const PATIENT = { timeoutMs: 120_000 };
const ROOT = new URL("../../", import.meta.url);
const PARLEY = new URL("mod.ts", ROOT).href;
const PERMISSIONS = new URL("permissions/mod.ts", ROOT).href;
const KINDS: Readonly<Record<TestRuntime, readonly string[]>> = {
  deno: ["web", "node"],
  bun: ["web", "node"],
  node: ["node"],
};

/** What both programs begin with: a Worker of a kind, and messages to and from it in one manner. */
const MAIN = `
  import * as threads from "node:worker_threads";
  import { navigator } from "${PARLEY}";
  import { delegateTo } from "${PERMISSIONS}";
  const kind = process.argv.at(-1);
  const makeWorker = () => kind === "web"
    ? new Worker(new URL("./worker.mjs", import.meta.url), { type: "module" })
    : new threads.Worker(new URL("./worker.mjs", import.meta.url));
  const said = (worker, count = 1) => new Promise((resolve) => {
    const all = [];
    const heard = (data) => { all.push(data); if (all.length === count) resolve(all.join("_")); };
    if (kind === "web") worker.onmessage = ({ data }) => heard(data);
    else worker.on("message", heard);
  });
`;
const WORKER = `
  import { openTCPServer, openTCPSocket } from "${PARLEY}";
  import * as threads from "node:worker_threads";
  const say = (text) => (threads.parentPort ?? globalThis).postMessage(text);
  const port = Number(process.env.TEST_PORT ?? 9);
  const name = (promise) => promise.then(() => "open", (error) => error.name);
`;

/** Runs a program and its Worker on every runtime, once for each kind of Worker. */
async function runWorkers(
  programs: { readonly main: string; readonly worker: string },
  expected: string,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  await using temp = await makeTempDirectory("workers");
  const path = join(temp.path, "main.mjs");
  await writeFile(path, `import process from "node:process";\n${MAIN}\n${programs.main}`);
  await writeFile(join(temp.path, "worker.mjs"), `import process from "node:process";\n${WORKER}\n${programs.worker}`);
  await eachRuntime(async (runtime) => {
    for (const kind of KINDS[runtime]) {
      const args = runtime === "deno" ? ["run", path, kind] : [path, kind];
      const { name, told } = await runOrigin({ runtime, args, env });
      assert.equal(name, expected, `${kind} Worker:\n${told}`);
    }
  });
}

const ASK = "name(openTCPSocket({ remoteAddress: '127.0.0.1', remotePort: port }))";

test("NET-13 a Worker has what was delegated to it, and the program hears none of it", async () => {
  await runWorkers({
    main: `const worker = makeWorker();
      const heard = said(worker);
      await delegateTo(worker, ["direct-sockets"]);
      console.log("@@" + await heard);
      worker.terminate();`,
    worker: `say([await ${ASK}, await name(openTCPServer())].join("_"));`,
  }, "NetworkError_NotAllowedError");
}, PATIENT);

test("NET-13 a Worker that asks while the program is still busy is served as well", async () => {
  await runWorkers({
    main: `const worker = makeWorker();
      const heard = said(worker);
      await new Promise((resolve) => setTimeout(resolve, 300));
      await delegateTo(worker, ["direct-sockets"]);
      console.log("@@" + await heard);
      worker.terminate();`,
    worker: `say(await ${ASK});`,
  }, "NetworkError");
}, PATIENT);

test("NET-13 a Worker beside one that was delegated to has nothing", async () => {
  await runWorkers({
    main: `const [one, other] = [makeWorker(), makeWorker()];
      const heard = [said(one), said(other)];
      await delegateTo(one, ["direct-sockets"]);
      console.log("@@" + (await Promise.all(heard)).join("_"));
      one.terminate(); other.terminate();`,
    worker: `say(await ${ASK});`,
  }, "NetworkError_NotAllowedError");
}, PATIENT);

test("NET-13 a Worker's own messages are not disturbed", async () => {
  await runWorkers({
    main: `const worker = makeWorker();
      const begun = said(worker);
      await delegateTo(worker, ["direct-sockets"]);
      await begun;
      const heard = said(worker, 3);
      for (const text of ["a", "b"]) worker.postMessage(text);
      console.log("@@" + await heard);
      worker.terminate();`,
    worker: `
      let left = 2;
      const hear = async (data) => {
        say(typeof data === "string" ? data : "foreign");
        if (--left === 0) say(await ${ASK});
      };
      if (threads.parentPort) threads.parentPort.on("message", hear);
      else globalThis.onmessage = ({ data }) => hear(data);
      say("begun");`,
  }, "a_b_NetworkError");
}, PATIENT);

test("CON-13 what the program takes back ends a Worker's connection at once", async () => {
  const server = createServer((socket) => socket.on("error", () => {}).resume());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  try {
    await runWorkers(
      {
        main: `const worker = makeWorker();
        const opened = said(worker);
        await delegateTo(worker, ["direct-sockets"]);
        await opened;
        const ended = said(worker);
        await navigator.permissions.revoke({ name: "direct-sockets" });
        console.log("@@" + await ended);
        worker.terminate();`,
        worker: `const socket = await openTCPSocket({ remoteAddress: "127.0.0.1", remotePort: port });
        const closed = name(socket.closed);
        say("opened");
        say(await closed);`,
      },
      "NotAllowedError",
      { TEST_PORT: String(port), PARLEY_ALLOW: `127.0.0.1:${port}` },
    );
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}, PATIENT);

test("NET-13 only the main realm delegates, and only to Workers", async () => {
  await runWorkers({
    main: `const worker = makeWorker();
      const heard = said(worker);
      const wrong = await delegateTo({ postMessage() {} }, ["direct-sockets"]).catch((error) => error.name);
      const unknown = await delegateTo(worker, ["everything"]).catch((error) => error.name);
      console.log("@@" + [wrong, unknown, await heard].join("_"));
      worker.terminate();`,
    worker: `import { delegateTo } from "${PERMISSIONS}";
      say(await delegateTo({}, ["direct-sockets"]).catch((error) => error.code));`,
  }, "TypeError_TypeError_PERM_CONTEXT");
}, PATIENT);

test("NET-13 Parley in a Worker keeps neither the Worker nor the program alive", async () => {
  await runWorkers({
    main: `const worker = makeWorker();
      const heard = said(worker);
      await delegateTo(worker, ["direct-sockets"]);
      console.log("@@" + await heard);
      // A Worker of the web's kind lives until it is ended, with Parley and without.
      if (kind === "web") worker.terminate();`,
    worker: `say(await ${ASK});`,
  }, "NetworkError");
}, PATIENT);
