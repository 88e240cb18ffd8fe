/** What the Raw Sockets explainer asks for, and where Parley differs from it on purpose. */
import assert from "node:assert/strict";
import { navigator as exported } from "../../mod.ts";
import { ParleyError } from "../../core/errors.ts";
import { createRawSockets, type TCPSocketOptions } from "../../net/faces/raw_sockets/mod.ts";
import { mainRequester } from "../../permissions/main_requester.ts";
import type { Answer, DenyReason } from "../../permissions/prompter.ts";
import { memoryTlsServer } from "../../runtime/memory/memory_tls.ts";
import { NO, ONCE, REQUESTER, RUN } from "../support/broker_fixture.ts";
import { test } from "../support/harness.ts";
import { toldLate } from "../support/late_refusal.ts";
import { ADDRESS, echo, type Faces, makeFaces, PORT, reasonOf } from "./faces.ts";
import { withPollution } from "./pollution.ts";

const DESTINATION: TCPSocketOptions = { remoteAddress: "host.example", remotePort: PORT };

/** What an attempt that must fail rejects with; options may be of any type. */
function failure({ navigator }: Faces, options: object): Promise<Error & { readonly cause?: unknown }> {
  return reasonOf(navigator.openTCPSocket(options as TCPSocketOptions));
}

test("RS-01 deviates: navigator is an export, and the runtime's own stays as it is", () => {
  assert.equal(typeof exported.openTCPSocket, "function");
  const own = (globalThis as { readonly navigator?: object }).navigator ?? {};
  assert.equal("openTCPSocket" in own, false);
});

test("RS-01 deviates: numbers out of range and buffer sizes are refused before anybody is asked", async () => {
  const faces = makeFaces();
  for (const options of [{ remotePort: 65536 + PORT }, { sendBufferSize: 4096 }, { receiveBufferSize: 4096 }]) {
    assert.ok(await failure(faces, { ...DESTINATION, ...options }) instanceof TypeError);
  }
  assert.equal(faces.questions.length, 0);
});

test("RS-01 deviates: what stands on Object.prototype is no option", async () => {
  const { navigator, network } = makeFaces([ONCE]);
  await withPollution({ noDelay: true, keepAlive: 5, localAddress: "10.0.0.1" }, async () => {
    await (await navigator.openTCPSocket(DESTINATION)).close();
  });
  assert.equal(network.connects[0]?.noDelay, false);
  assert.equal(network.connects[0]?.keepAliveDelayMs, null);
});

test("RS-01 keepAlive is a boolean or seconds, and reaches the connection", async () => {
  const { navigator, network } = makeFaces([ONCE, ONCE, ONCE, ONCE]);
  for (const keepAlive of [false, true, 0, 20]) {
    await (await navigator.openTCPSocket({ ...DESTINATION, keepAlive, noDelay: keepAlive === true })).close();
  }
  assert.deepEqual(network.connects.map(({ keepAliveDelayMs }) => keepAliveDelayMs), [null, 75_000, null, 20_000]);
  assert.deepEqual(network.connects.map(({ noDelay }) => noDelay), [false, true, false, false]);
});

test("RS-02 keepAliveDelay needs keepAlive and at least 1000 ms", async () => {
  const faces = makeFaces([ONCE]);
  for (
    const options of [{ keepAliveDelay: 5000 }, { keepAlive: false, keepAliveDelay: 5000 }, {
      keepAlive: true,
      keepAliveDelay: 999,
    }]
  ) {
    assert.ok(await failure(faces, { ...DESTINATION, ...options }) instanceof TypeError, JSON.stringify(options));
  }
  const socket = await faces.navigator.openTCPSocket({ ...DESTINATION, keepAlive: true, keepAliveDelay: 1000 });
  assert.equal(faces.network.connects[0]?.keepAliveDelayMs, 1000);
  await socket.close();
});

test("RS-03 a socket has streams both ways, the far end's address and port, and closes", async () => {
  const { navigator } = makeFaces([ONCE]);
  const socket = await navigator.openTCPSocket(DESTINATION);
  assert.deepEqual([socket.remoteAddress, socket.remotePort], [ADDRESS, PORT]);
  const writer = socket.writable.getWriter();
  await writer.write(new TextEncoder().encode("hello"));
  const reader = socket.readable.getReader();
  assert.equal(new TextDecoder().decode((await reader.read()).value), "hello");
  writer.releaseLock();
  reader.releaseLock();
  assert.equal(await socket.close(), undefined);
});

test("RS-05 without remoteAddress the operator is asked for the host, and offered the port", async () => {
  const { navigator, questions } = makeFaces([{ ...ONCE, host: "host.example" } as Answer]);
  const socket = await navigator.openTCPSocket({ remotePort: PORT });
  assert.equal(questions[0]?.descriptor.destination, null);
  assert.equal(questions[0]?.descriptor.port, PORT);
  assert.equal(socket.remoteAddress, ADDRESS);
  await socket.close();
});

test("RS-08 deviates: localAddress and localPort are refused, because they have no effect", async () => {
  for (const options of [{ localAddress: "10.0.0.1" }, { localPort: 5000 }, { localPort: 0 }]) {
    assert.ok(await failure(makeFaces(), { ...DESTINATION, ...options }) instanceof TypeError);
  }
});

test("RS-09 deviates: where it cannot work the functions are there, and reject with NotSupportedError", async () => {
  const unknown = new ParleyError("RUNTIME_UNSUPPORTED", "Cannot start: this runtime is not supported");
  const navigator = createRawSockets(() => Promise.reject(unknown));
  assert.equal((await reasonOf(navigator.openTCPSocket(DESTINATION))).name, "NotSupportedError");
});

test("RS-09 a program that came over an insecure connection is refused without a question", async () => {
  const faces = makeFaces([ONCE], { context: { requester: mainRequester("http://host.example/main.ts", 1) } });
  assert.equal((await failure(faces, DESTINATION)).name, "SecurityError");
  assert.equal(faces.questions.length, 0);
});

test("RS-12 deviates: each call is a question of its own, and a yes serves that call only", async () => {
  const faces = makeFaces([ONCE, NO]);
  const socket = await faces.navigator.openTCPSocket(DESTINATION);
  assert.equal((await failure(faces, DESTINATION)).name, "NotAllowedError");
  assert.equal(faces.questions.length, 2);
  await socket.close();
});

test("RS-13 a destination that was permitted for the run opens again without a question", async () => {
  const { navigator, questions, network } = makeFaces([RUN]);
  for (let count = 0; count < 3; count++) await (await navigator.openTCPSocket(DESTINATION)).close();
  assert.equal(questions.length, 1);
  assert.equal(network.connects.length, 3);
});

test("RS-20 a Worker is refused without a question", async () => {
  const faces = makeFaces([ONCE], { broker: { context: () => "worker" } });
  assert.equal((await failure(faces, DESTINATION)).name, "NotAllowedError");
  assert.equal(faces.questions.length, 0);
});

test("RS-20 deviates: the question names the program, whichever module of it asks", async () => {
  const faces = makeFaces([ONCE]);
  const library = await import("./library.ts");
  await (await library.openForMe(faces.navigator, DESTINATION)).close();
  assert.equal(faces.questions[0]?.requester.origin, REQUESTER.origin);
});

test("RS-23 TLS is begun on opening, or on a connection that is open", async () => {
  const { navigator, network } = makeFaces([ONCE, ONCE]);
  network.listen(
    { address: ADDRESS, port: PORT },
    async (link) => await echo(await memoryTlsServer(link, { names: ["host.example"], authority: "public" })),
  );
  const opened = await navigator.openTCPSocket({ ...DESTINATION, useSecureTransport: true });
  const plain = await navigator.openTCPSocket({ ...DESTINATION, secureTransport: "starttls" });
  assert.equal(plain.tlsInfo, null);
  const upgraded = await plain.startTls();
  for (const socket of [opened, upgraded]) {
    assert.equal(socket.tlsInfo?.serverName, "host.example");
    await socket.close();
  }
});

test("RS-25 every refusal is one error with one message, whatever the reason", async () => {
  const told = new Set<string>();
  const note = ({ name, message, cause }: Error): void => void told.add(`${name}: ${message}: ${cause}`);
  const tell = async (faces: Faces): Promise<void> => note(await failure(faces, DESTINATION));
  for (const reason of ["refused", "no-terminal", "aborted", "queue-full"] as const satisfies readonly DenyReason[]) {
    await tell(makeFaces([{ kind: "deny", reason }]));
  }
  await tell(makeFaces([ONCE], { broker: { context: () => "worker" } }));
  await tell(makeFaces([ONCE], { broker: { runtimeState: () => Promise.resolve("denied") } }));
  const rebound = makeFaces([ONCE]);
  rebound.network.addName("host.example", "127.0.0.1");
  note(await toldLate(rebound.clock, failure(rebound, DESTINATION)));
  const unknown = makeFaces([ONCE]);
  unknown.network.addName("host.example");
  note(await toldLate(unknown.clock, failure(unknown, DESTINATION)));
  assert.deepEqual([...told], [`NotAllowedError: Not allowed to connect to host.example:${PORT}: undefined`]);
});

/** Everything that an error says, its cause included. */
function words(error: Error & { readonly cause?: unknown }): string {
  const { cause } = error;
  return `${error.message} ${
    cause instanceof ParleyError ? `${cause.message} ${JSON.stringify(cause.detail)}` : cause
  }`;
}

test("RS-26 a refusal never tells the address that a name leads to", async () => {
  const faces = makeFaces([ONCE]);
  faces.network.addName("host.example", "192.168.12.34");
  assert.doesNotMatch(words(await toldLate(faces.clock, failure(faces, DESTINATION))), /192\.168|private/);
});

test("RS-26 deviates: a failure after the approval names the public address that was tried", async () => {
  const faces = makeFaces([ONCE]);
  faces.network.unlisten({ address: ADDRESS, port: PORT });
  const error = await failure(faces, DESTINATION);
  assert.equal(error.name, "NetworkError");
  assert.ok(words(error).includes(ADDRESS));
});
