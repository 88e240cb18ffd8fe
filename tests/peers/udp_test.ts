/** `parley udp` with real sockets of other programs: what arrives, what is dropped, and how it ends. */
import assert from "node:assert/strict";
import { runPeerClient } from "../support/peer_client.ts";
import { eachRuntime } from "../support/each_runtime.ts";
import type { TestRuntime } from "../support/runtimes.ts";
import { UdpPeer } from "../support/udp_peer.ts";
import { peerSuite } from "./peer_suite.ts";
import { eventsOf } from "./run_listen.ts";
import { allowing, datagramsOf, runUdp, startUdp } from "./run_udp.ts";

const test = await peerSuite(["socat"], async (stack) => {
  const echo = stack.use(await UdpPeer.start({ echoes: true }));
  const silent = stack.use(await UdpPeer.start());
  return { echo, silent };
});

/** Arguments for a peer of this machine, approved. */
function peerAt({ port }: { readonly port: number }): string[] {
  return [`127.0.0.1:${port}`, ...allowing(`udp://127.0.0.1:${port}`)];
}

/** Arguments for a listening socket, approved. */
function listenAt(address: string, ...others: readonly string[]): string[] {
  return ["--listen", address, ...allowing(`listen+udp://${address}`, ...others)];
}

const LOOPBACK: readonly string[] = listenAt("127.0.0.1:0");
/** An organisation's own, one for each runtime: they run at the same time. */
const GROUPS: Readonly<Record<TestRuntime, string>> = { deno: "239.83.8.1", bun: "239.83.8.2", node: "239.83.8.3" };

test("NET-07 each line of standard input is a datagram, and each datagram that comes back a line", async ({ echo }) => {
  await eachRuntime(async (runtime) => {
    const lines = Array.from({ length: 40 }, (_, at) => `${runtime} ${at} \x00\x1b\x80\xff`);
    const input = lines.join("\n");
    const { status, stdout, stderr } = await runUdp(runtime, [...peerAt(echo), "--count", "40", "--wait", "20"], {
      input,
    });
    assert.equal(status, 0, stderr);
    assert.equal(stdout, `${input}\n`);
    assert.match(stderr, /^parley: exchanging datagrams with udp:\/\/127\.0\.0\.1:\d+ .*NOT ENCRYPTED, pre-approved$/m);
  });
});

test("NET-07 datagrams from anybody but the peer are dropped", async ({ silent: stranger }) => {
  await eachRuntime(async (runtime) => {
    await using peer = await UdpPeer.start();
    await using udp = await startUdp(runtime, [...peerAt(peer), "--count", "1"], {});
    udp.client.send("knock\n");
    const { port } = await peer.datagram("knock");
    for (let count = 0; count < 3; count++) await stranger.send("forged", { port });
    await peer.send("real", { port });
    const { status, stdout, stderr } = await udp.client.result();
    assert.equal(status, 0, stderr);
    assert.deepEqual(datagramsOf(stdout).map(({ from, text }) => [from, text]), [[`127.0.0.1:${peer.port}`, "real"]]);
  });
});

test("NET-07 --hex, --empty, --crlf and --whole say what a datagram is made of", async () => {
  await eachRuntime(async (runtime) => {
    await using peer = await UdpPeer.start({ echoes: true });
    const hex = [...peerAt(peer), "--hex", "--empty", "--count", "3", "--wait", "20"];
    const { status, stdout, stderr } = await runUdp(runtime, hex, { input: "40 00:00 01\n\nFF00\n" });
    assert.deepEqual([status, stdout], [0, "40000001\n\nff00\n"], stderr);
    await runUdp(runtime, [...peerAt(peer), "--crlf", "--wait", "0"], { input: "line\n" });
    await runUdp(runtime, [...peerAt(peer), "--whole", "--wait", "0"], { input: "two\nlines\n\x00" });
    await peer.datagram("two\nlines\n\x00");
    assert.deepEqual(
      peer.received.map(({ text }) => text),
      ["\x40\x00\x00\x01", "", "\xff\x00", "line\r\n", "two\nlines\n\x00"],
    );
  });
});

test("NET-07 the largest datagram goes both ways, and a longer one is an error of the data", async ({ echo }) => {
  await eachRuntime(async (runtime) => {
    const largest = "x".repeat(65_507);
    const args = [...peerAt(echo), "--count", "1", "--wait", "20"];
    const { status, stdout, stderr } = await runUdp(runtime, args, { input: largest });
    assert.equal(status, 0, stderr);
    assert.ok(stdout === `${largest}\n`, `${stdout.length} bytes came back`);
    for (const option of ["--crlf", "--whole"]) {
      const longer = await runUdp(runtime, [...args, option], { input: `${largest}y` });
      assert.deepEqual([longer.status, longer.stdout], [65, ""], longer.stderr);
      assert.match(longer.stderr, /a datagram holds 65507 bytes \[DATA_TOO_LARGE\]/);
    }
  });
});

test("NET-22 a listening socket hears everybody and says who each datagram is from", async ({ silent: first }) => {
  await eachRuntime(async (runtime) => {
    await using udp = await startUdp(runtime, [...LOOPBACK, "--count", "3"]);
    await using second = await UdpPeer.start();
    await first.send("syslog line", udp);
    await second.send("\xff\xfe", udp);
    await runPeerClient(["socat", "-u", "-", `UDP:127.0.0.1:${udp.port}`], { input: "of socat\n" });
    const { status, stdout, stderr } = await udp.client.result();
    assert.equal(status, 0, stderr);
    const heard = datagramsOf(stdout);
    const find = (text: string): unknown => heard.find((one) => one["text"] === text)?.["from"];
    assert.equal(find("syslog line"), `127.0.0.1:${first.port}`);
    assert.match(String(find("of socat\n")), /^127\.0\.0\.1:\d+$/);
    const binary = { event: "datagram", from: `127.0.0.1:${second.port}`, bytes: 2, hex: "fffe" };
    assert.deepEqual(heard.find((one) => one["bytes"] === 2), binary);
    const [closed] = eventsOf(stderr, "closed");
    assert.deepEqual([closed?.["received"], closed?.["bytesReceived"], closed?.["sent"]], [3, 22, 0]);
  });
});

test("NET-27 --reply answers whoever wrote last, without an approval", async () => {
  await eachRuntime(async (runtime) => {
    await using udp = await startUdp(runtime, [...LOOPBACK, "--reply"]);
    udp.client.send("early\n");
    await udp.client.expectError(/"event":"waiting","to":null/);
    for (const [call, answer] of [["first call\n", "early"], ["second call\n", "later"]] as const) {
      const argv = ["socat", "-t", "0.1", "-", `UDP:127.0.0.1:${udp.port}`];
      const peer = runPeerClient(argv, { input: call, until: new RegExp(answer), timeoutMs: 20_000 });
      await udp.client.expect(new RegExp(call.trim()));
      if (answer === "later") udp.client.send("later\n");
      assert.equal((await peer).stdout, answer);
    }
    const { status, stderr } = await udp.client.result();
    assert.equal(status, 0, stderr);
    assert.deepEqual(eventsOf(stderr, "sent").map(({ bytes }) => bytes), [5, 5]);
  });
});

test("NET-27 a group is joined and sent to with one approval, and everybody in it takes part", async () => {
  await eachRuntime(async (runtime) => {
    const group = GROUPS[runtime];
    await using member = await UdpPeer.start({ address: "0.0.0.0", group });
    const where = [`0.0.0.0:${member.port}`, `multicast://${group}:${member.port}`] as const;
    const args = [...listenAt(...where), "--join", group, "--interface", "lo"];
    const port = { port: member.port, address: group };
    // The member's socket shares its port with nobody, so the command listens at one of its own.
    const own = [
      "--listen",
      "0.0.0.0:0",
      ...allowing("listen+udp://0.0.0.0:0", where[1]),
      "--to",
      `${group}:${port.port}`,
    ];
    const sent = await runUdp(runtime, [...own, "--interface", "lo", "--wait", "0"], { input: "to all\n" });
    assert.equal(sent.status, 0, sent.stderr);
    await member.datagram("to all");
    await member[Symbol.asyncDispose]();
    await using udp = await startUdp(runtime, [...args, "--count", "1"]);
    await using speaker = await UdpPeer.start({ address: "0.0.0.0", group });
    await speaker.send("from a member", port);
    const { status, stdout, stderr } = await udp.client.result();
    assert.equal(status, 0, stderr);
    assert.deepEqual(datagramsOf(stdout).map(({ text }) => text), ["from a member"]);
  });
});

test("NET-27 a broadcast reaches every socket, with the flag and an approval of its own only", async () => {
  await using everybody = await UdpPeer.start({ address: "0.0.0.0" });
  const to = `127.255.255.255:${everybody.port}`;
  await eachRuntime(async (runtime) => {
    const args = [...listenAt("0.0.0.0:0"), "--to", to, "--wait", "0"];
    const silent = await runUdp(runtime, args, { input: `${runtime} quietly\n` });
    assert.equal(silent.status, 64, silent.stderr);
    assert.match(silent.stderr, /add --broadcast/);
    const refused = await runUdp(runtime, [...args, "--broadcast"], { input: `${runtime} quietly\n` });
    assert.equal(refused.status, 77, refused.stderr);
    const { status, stderr } = await runUdp(runtime, [...args, "--broadcast", ...allowing(`udp://${to}`)], {
      input: `${runtime} aloud\n`,
    });
    assert.equal(status, 0, stderr);
    await everybody.datagram(`${runtime} aloud`);
  });
  assert.equal(everybody.received.length, 3);
});

test("NET-27 to a peer that does not answer 10 datagrams leave at once, and the operator is told that the others wait", async () => {
  await eachRuntime(async (runtime) => {
    await using peer = await UdpPeer.start();
    const input = Array.from({ length: 12 }, (_, at) => `${at}\n`).join("");
    await using udp = await startUdp(runtime, [...peerAt(peer), "--wait", "0"], { input });
    const { status, stderr } = await udp.client.result();
    assert.equal(status, 0, stderr);
    await peer.datagram("11");
    const [before = ""] = stderr.split('{"event":"waiting"');
    assert.equal(eventsOf(before, "sent").length, 10);
    assert.equal(eventsOf(stderr, "waiting").length, 1);
    assert.equal(eventsOf(stderr, "sent").length, 12);
  });
});

test("NET-07 where nobody listens the command goes on, and fails only when answers were counted on", async () => {
  const gone = await UdpPeer.start();
  await gone[Symbol.asyncDispose]();
  await eachRuntime(async (runtime) => {
    const { status, stdout, stderr } = await runUdp(runtime, [...peerAt(gone), "--wait", "0.5"], { input: "a\nb\n" });
    assert.deepEqual([status, stdout], [0, ""], stderr);
    // Deno hands no ICMP messages on.
    if (runtime !== "deno") assert.match(stderr, /^parley: .*refused \[NET_REFUSED\]$/m);
    const counting = await runUdp(runtime, [...peerAt(gone), "--wait", "0.5", "--count", "1"], { input: "a\n" });
    assert.equal(counting.status, 69, counting.stderr);
    assert.match(counting.stderr, /0 of 1 datagrams came \[NET_TIMEOUT\]/);
  });
});

test("NET-22 an address in use, and a time in which nothing came, are failures of the network", async ({ silent }) => {
  await eachRuntime(async (runtime) => {
    const taken = await runUdp(runtime, listenAt(`127.0.0.1:${silent.port}`));
    assert.equal(taken.status, 69, taken.stderr);
    assert.match(taken.stderr, /\[NET_IN_USE\]/);
    const nobody = await runUdp(runtime, [...LOOPBACK, "--timeout", "0.2"]);
    assert.equal(nobody.status, 69, nobody.stderr);
    assert.match(nobody.stderr, /no datagram came for 0\.2 s \[NET_TIMEOUT\]/);
  });
});

test("NET-22 Ctrl-C ends a socket that listens, one that waits for input and one whose datagrams wait, with 130", async ({ silent }) => {
  await eachRuntime(async (runtime) => {
    for (const [args, input] of [[LOOPBACK, ""], [peerAt(silent), ""], [peerAt(silent), "x\n".repeat(20)]] as const) {
      await using udp = await startUdp(runtime, args);
      udp.client.send(input);
      if (input !== "") await udp.client.expectError(/"event":"waiting"/);
      udp.client.signal("SIGINT");
      const { status, stderr } = await udp.client.result();
      assert.equal(status, 130, stderr);
      assert.doesNotMatch(stderr, /"event":"error"/);
      assert.equal(eventsOf(stderr, "closed").length, 1);
    }
  });
});

test("CON-12 without terminal and rule nothing is sent, and the operator is told how to approve", async ({ silent }) => {
  const before = silent.received.length;
  await eachRuntime(async (runtime) => {
    const { status, stderr } = await runUdp(runtime, [`127.0.0.1:${silent.port}`], { input: "secret\n" });
    assert.equal(status, 77, stderr);
    assert.match(stderr, new RegExp(`to allow it, start with --allow udp://127\\.0\\.0\\.1:${silent.port}\\b`));
  });
  assert.equal(silent.received.length, before);
});
