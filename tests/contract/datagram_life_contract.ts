/** The part of the datagram suite about floods, and about the end of a socket. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { RUNTIME } from "../support/harness.ts";
import { at, type DatagramSuite, ip, throwsWith } from "./datagram_scene.ts";
import { patternBytes, stalled, utf8 } from "./link_tools.ts";
import { rejectsWith } from "./net_contract.ts";

const FLOOD = fileURLToPath(new URL("./programs/flood.ts", import.meta.url));

/** Registers the tests about floods and ends. */
export function datagramLifeContract(suite: DatagramSuite): void {
  flooding(suite);
  closing(suite);
}

function flooding({ check, gaps, host }: DatagramSuite): void {
  check("takes 20,000 datagrams in a loop and loses none on this side", async ({ bind }) => {
    const server = await bind();
    const { link } = await bind();
    const bytes = patternBytes(1000);
    const sends: Promise<void>[] = [];
    for (let i = 0; i < 20_000; i++) {
      const sent = link.send(bytes, at(server));
      if (sent !== undefined) sends.push(sent);
    }
    await Promise.all(sends);
    assert.deepEqual(await server.inbox.next().then(({ bytes }) => bytes), bytes);
    await link.send(utf8("after"), at(server));
    await stalled(() => server.inbox.bytes);
    assert.equal(new TextDecoder().decode(server.inbox.received.at(-1)!.bytes), "after");
  });

  check("drops in the system what arrives while the program is busy", async ({ bind, traits }) => {
    const server = await bind();
    const client = await bind();
    const count = 3000;
    if (traits.realSockets) flood(server.link.local.port, count);
    else for (let i = 0; i < count; i++) client.link.send(new Uint8Array(1000), at(server));
    const before = server.inbox.bytes;
    await stalled(() => server.inbox.bytes);
    const most = traits.realSockets ? Number(readFileSync("/proc/sys/net/core/rmem_default", "utf8")) : 212_992;
    assert.ok(server.inbox.bytes > 0, "nothing arrived");
    assert.ok(server.inbox.bytes - before <= most, `${server.inbox.bytes} bytes arrived`);
  });

  if (!host.traits.realSockets || gaps.datagramBuffersIgnored) return;
  check("a smaller receive buffer holds less", async ({ bind }) => {
    const small = await bind({ receiveBufferSize: 8_000 });
    const usual = await bind();
    flood(small.link.local.port, 300);
    flood(usual.link.local.port, 300);
    await stalled(() => small.inbox.bytes + usual.inbox.bytes);
    assert.ok(small.inbox.bytes > 0, "nothing arrived");
    assert.ok(small.inbox.bytes * 3 < usual.inbox.bytes, `${small.inbox.bytes} and ${usual.inbox.bytes} bytes arrived`);
  });
}

/** Sends datagrams of 1000 bytes from a process of its own, while nothing in this one runs. */
function flood(port: number, count: number): void {
  const run = RUNTIME === "deno" ? ["run", "--allow-net", "--no-config", "--no-lock"] : [];
  const { status, stderr } = spawnSync(process.execPath, [...run, FLOOD, String(port), String(count)], {
    timeout: 25_000,
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
}

function closing({ check }: DatagramSuite): void {
  check("NET-04 refuses everything once it is closed, with NET_CLOSED", async ({ bind, connect }) => {
    const server = await bind();
    const group = { group: ip("239.83.7.1"), source: null, interfaceName: null };
    for (const { link } of [server, await connect(at(server))]) {
      link.close();
      link.close();
      await rejectsWith(Promise.resolve(link.send(utf8("x"), link.local)), "NET_CLOSED");
      throwsWith(() => link.join(group), "NET_CLOSED");
      throwsWith(() => link.leave(group), "NET_CLOSED");
      throwsWith(
        () => link.setMulticast({ timeToLive: 1, loopback: true, interfaceName: null }),
        "NET_CLOSED",
      );
    }
  });

  check("NET-04 calls no handler after it is closed", async ({ bind }) => {
    const server = await bind();
    const client = await bind();
    for (let i = 0; i < 50; i++) await client.link.send(utf8("x"), at(server));
    await server.inbox.next();
    server.link.close();
    const heard = server.inbox.received.length;
    await stalled(() => server.inbox.received.length);
    assert.equal(server.inbox.received.length, heard);
    assert.deepEqual(server.inbox.errors, []);
  });

  check("NET-04 closed in the middle of a burst, it calls no handler for the rest of it", async ({ bind }) => {
    const server = await bind();
    const client = await bind();
    const take = server.inbox.datagram.bind(server.inbox);
    server.inbox.datagram = (...args) => {
      take(...args);
      server.link.close();
    };
    for (let i = 0; i < 50; i++) await client.link.send(utf8("x"), at(server));
    await stalled(() => server.inbox.received.length);
    assert.equal(server.inbox.received.length, 1);
  });

  check("NET-04 settles every send that is under way when it is closed", async ({ bind }) => {
    const server = await bind();
    const { link } = await bind();
    const sends = Array.from({ length: 200 }, () => link.send(patternBytes(60_000), at(server)));
    link.close();
    const outcomes = await Promise.allSettled(sends);
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") assert.equal(outcome.reason.code, "NET_CLOSED");
    }
  });

  check("NET-04 frees its port by the next turn of the event loop", async ({ bind }) => {
    const { link } = await bind();
    link.close();
    await new Promise((turn) => setTimeout(turn, 0));
    await bind({ port: link.local.port });
  });
}
