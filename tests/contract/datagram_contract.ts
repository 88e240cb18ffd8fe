/** What every back end must do with UDP: one suite, run against each runtime's back end and the memory one. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import type { NetGaps } from "../../net/port.ts";
import { addressText } from "../../runtime/_node/tcp_link.ts";
import { test } from "../support/harness.ts";
import type { ContractHost } from "./contract_host.ts";
import { datagramLifeContract } from "./datagram_life_contract.ts";
import { at, type DatagramSuite, withDatagrams, withoutIpv6 } from "./datagram_scene.ts";
import { patternBytes, stalled, utf8 } from "./link_tools.ts";
import { multicastContract } from "./multicast_contract.ts";
import { rejectsWith } from "./net_contract.ts";

/** The most bytes of a datagram over IPv4. */
const LARGEST = 65_507;

/**
 * Registers the suite.
 *
 * @param name The back end's name, put before each title.
 * @param makeHost Makes the host for one test.
 * @param gaps What the back end is known to lack: the suite fails when it does something else.
 */
export function datagramContract(name: string, makeHost: () => ContractHost, gaps: NetGaps): void {
  const suite: DatagramSuite = {
    check: (title, body, options) => test(`${name} UDP: ${title}`, () => withDatagrams(makeHost(), body), options),
    gaps,
    host: makeHost(),
  };
  opening(suite);
  exchanging(suite);
  ipv6(suite);
  failing(suite);
  datagramLifeContract(suite);
  multicastContract(suite);
}

function opening({ check, gaps, host }: DatagramSuite): void {
  check("DS-49 says which port the system picked", async ({ bind }) => {
    const { link } = await bind();
    assert.equal(link.local.address, "127.0.0.1");
    assert.ok(link.local.port > 0);
  });

  check("refuses a port in use with NET_IN_USE", async ({ bind }) => {
    const { link } = await bind();
    await rejectsWith(bind({ port: link.local.port }), "NET_IN_USE");
    await rejectsWith(bind({ port: link.local.port, addressSharing: true }), "NET_IN_USE");
  });

  check("DS-58 lets two sockets have one port when both ask for it", async ({ bind }) => {
    const { link } = await bind({ addressSharing: true });
    const second = await bind({ port: link.local.port, addressSharing: true });
    assert.equal(second.link.local.port, link.local.port);
    await rejectsWith(bind({ port: link.local.port }), "NET_IN_USE");
  });

  check("lists the addresses of the machine, loopback among them", ({ net }) => {
    const found = net.interfaces()?.find(({ address }) => address.text === "127.0.0.1");
    assert.equal(found?.name, "lo");
    assert.equal(found?.prefixLength, 8);
  });

  check("says the sizes that the system uses for buffers, as the gaps have it", async ({ bind, connect }) => {
    const sizes = { sendBufferSize: 30_000, receiveBufferSize: 20_000 };
    const bound = await bind(sizes);
    const connected = await connect(at(bound), sizes);
    for (const { link } of [bound, connected]) {
      if (gaps.datagramBuffersIgnored) {
        assert.deepEqual([link.sendBufferSize, link.receiveBufferSize], [null, null]);
        continue;
      }
      // Linux uses twice what is asked for.
      assert.ok([30_000, 60_000].includes(link.sendBufferSize!), `${link.sendBufferSize}`);
      assert.ok([20_000, 40_000].includes(link.receiveBufferSize!), `${link.receiveBufferSize}`);
    }
  });

  if (!host.traits.realSockets) return;
  check("refuses an address that is not of this machine with NET_IN_USE", async ({ bind }) => {
    await rejectsWith(bind({ address: "203.0.113.77" }), "NET_IN_USE");
  });

  check(
    "NET-04 leaves no descriptor open, neither of sockets nor of failures to open one",
    async ({ bind, connect }) => {
      const count = (): number => readdirSync("/proc/self/fd").length;
      const once = async (): Promise<void> => {
        const first = await bind();
        const second = await connect(at(first));
        await second.link.send(utf8("x"), at(first));
        await first.inbox.next();
        await rejectsWith(bind({ port: first.link.local.port }), "NET_IN_USE");
        await rejectsWith(bind({ port: first.link.local.port, addressSharing: true }), "NET_IN_USE");
        first.link.close();
        second.link.close();
      };
      await once();
      await stalled(count);
      const before = count();
      for (let i = 0; i < 30; i++) await once();
      await stalled(count);
      assert.ok(count() <= before + 2, `${before} descriptors before, ${count()} after`);
    },
  );
}

function exchanging({ check, gaps }: DatagramSuite): void {
  check("carries datagrams both ways between a connected socket and a bound one", async ({ bind, connect }) => {
    const server = await bind();
    const client = await connect(at(server));
    await client.link.send(utf8("question"), at(server));
    const { bytes, from, truncated } = await server.inbox.next();
    assert.equal(new TextDecoder().decode(bytes), "question");
    assert.deepEqual(from, { address: "127.0.0.1", port: client.link.local.port });
    assert.equal(truncated, false);
    await server.link.send(utf8("answer"), from);
    assert.deepEqual((await client.inbox.next()).from, server.link.local);
  });

  // A runtime may open sockets with sizes in another way.
  for (const receiveBufferSize of [null, 100_000]) {
    const kind = receiveBufferSize === null ? "connected socket" : "connected socket with sizes";
    check(`NET-07 DS-43 gives a ${kind} its peer's datagrams only, as the gaps have it`, async ({ bind, connect }) => {
      const [peer, stranger] = [await bind(), await bind()];
      const client = await connect(at(peer), { receiveBufferSize });
      await stranger.link.send(utf8("evil"), at(client, "127.0.0.1"));
      await peer.link.send(utf8("good"), at(client, "127.0.0.1"));
      const heard = [await client.inbox.text()];
      if (gaps.datagramNotConnected) heard.push(await client.inbox.text());
      assert.deepEqual(heard, gaps.datagramNotConnected ? ["evil", "good"] : ["good"]);
    });
  }

  check("a connected socket sends to its peer, whatever destination it is given", async ({ bind, connect }) => {
    const [peer, other] = [await bind(), await bind()];
    const client = await connect(at(peer));
    await client.link.send(utf8("to the peer"), at(other));
    assert.equal(await peer.inbox.text(), "to the peer");
    assert.equal(other.inbox.received.length, 0);
  });

  check("DS-47 carries datagrams of 0 and of 65,507 bytes, and refuses more with NET_MESSAGE_SIZE", async (scene) => {
    const server = await scene.bind();
    const client = await scene.connect(at(server));
    const bound = await scene.bind();
    const largest = patternBytes(LARGEST);
    for (const { link } of [client, bound]) {
      await link.send(new Uint8Array(0), at(server));
      assert.equal((await server.inbox.next()).bytes.byteLength, 0);
      await rejectsWith(Promise.resolve(link.send(new Uint8Array(LARGEST + 1), at(server))), "NET_MESSAGE_SIZE");
      await link.send(largest, at(server));
      assert.deepEqual((await server.inbox.next()).bytes, largest);
    }
    await stalled(() => client.inbox.errors.length);
    assert.deepEqual([...client.inbox.errors, ...bound.inbox.errors], []);
  });

  check("gives each datagram memory of its own, no larger than the datagram", async ({ bind }) => {
    const server = await bind();
    const client = await bind();
    const texts = ["first", "second", "", "third"];
    for (const text of texts) await client.link.send(utf8(text), at(server));
    const received = [await server.inbox.next(), await server.inbox.next(), await server.inbox.next()];
    received.push(await server.inbox.next());
    for (const [index, { bytes }] of received.entries()) {
      assert.equal(Object.getPrototypeOf(bytes), Uint8Array.prototype);
      assert.equal(bytes.buffer.byteLength, bytes.byteLength);
      const moved = bytes.buffer.transfer();
      assert.equal(new TextDecoder().decode(moved), texts[index]);
    }
  });

  check("takes a part of a larger buffer to send, and only that", async ({ bind }) => {
    const server = await bind();
    const memory = utf8("..part..");
    await server.link.send(memory.subarray(2, 6), at(server));
    assert.equal(await server.inbox.text(), "part");
  });

  check("a socket on 0.0.0.0 hears what is sent to any address of the machine", async ({ bind }) => {
    const server = await bind({ address: "0.0.0.0" });
    const client = await bind();
    await client.link.send(utf8("here"), at(server, "127.0.0.1"));
    assert.equal(await server.inbox.text(), "here");
  });
}

function ipv6({ check, host }: DatagramSuite): void {
  const options = { skip: withoutIpv6(host) };

  check("carries datagrams over IPv6", async ({ bind, connect }) => {
    const server = await bind({ address: "::1" });
    const client = await connect(at(server));
    assert.equal(client.link.local.address, "::1");
    await client.link.send(utf8("six"), at(server));
    const { from } = await server.inbox.next();
    assert.deepEqual(from, client.link.local);
    await server.link.send(utf8("back"), from);
    assert.equal(await client.inbox.text(), "back");
  }, options);

  check("a socket on :: takes IPv4, too, says so in IPv4, and answers there", async ({ bind }) => {
    const server = await bind({ address: "::" });
    const client = await bind();
    await client.link.send(utf8("four"), at(server, "127.0.0.1"));
    const { from } = await server.inbox.next();
    assert.deepEqual(from, client.link.local);
    await server.link.send(utf8("answer"), from);
    assert.equal((await client.inbox.next()).from.address, "127.0.0.1");
    await rejectsWith(bind({ address: "0.0.0.0", port: server.link.local.port }), "NET_IN_USE");
  }, options);

  check("DS-51 ipv6Only leaves the IPv4 port to another socket", async ({ bind }) => {
    const six = await bind({ address: "::", ipv6Only: true });
    const four = await bind({ address: "0.0.0.0", port: six.link.local.port });
    const client = await bind();
    await client.link.send(utf8("four"), at(four, "127.0.0.1"));
    assert.equal(await four.inbox.text(), "four");
    assert.equal(six.inbox.received.length, 0);
  }, options);

  check("refuses IPv6 destinations on an IPv4 socket with NET_UNREACHABLE", async ({ bind }) => {
    const { link } = await bind();
    await rejectsWith(Promise.resolve(link.send(utf8("x"), { address: "::1", port: 9 })), "NET_UNREACHABLE");
  });

  const entries = host.net.interfaces() ?? [];
  const neighbour = entries.find(({ address }) => address.zone !== null);
  const zoned = host.traits.realSockets ? neighbour && addressText(neighbour.address) : "fe80::1%lo";
  check("NET-24 keeps the zone of link-local addresses", async ({ bind, connect, traits }) => {
    const server = await bind({ address: zoned ?? "" });
    assert.equal(server.link.local.address, zoned);
    const client = await connect(at(server));
    await client.link.send(utf8("near"), at(server));
    const { from } = await server.inbox.next();
    if (traits.realSockets) assert.deepEqual(from, { address: zoned, port: client.link.local.port });
    await server.link.send(utf8("nearer"), from);
    assert.deepEqual((await client.inbox.next()).from, server.link.local);
  }, { skip: zoned === undefined && "no interface has a link-local IPv6 address" });

  check("refuses a zone that is no interface with NET_UNREACHABLE, rather than use another", async (scene) => {
    const { link } = await scene.bind({ address: "::" });
    const nowhere = { address: "fe80::1%nosuch0", port: 9 };
    await rejectsWith(Promise.resolve(link.send(utf8("x"), nowhere)), "NET_UNREACHABLE");
  }, options);
}

function failing({ check, gaps, host }: DatagramSuite): void {
  check("never looks names up", async ({ bind }) => {
    const { link } = await bind();
    for (const address of ["localhost", "127.1", "2130706433", ""]) {
      await rejectsWith(Promise.resolve(link.send(utf8("x"), { address, port: 9 })), "NET_DNS");
    }
  });

  check("a broadcast without the option is NET_OS_DENIED, and the socket goes on", async ({ bind }) => {
    const everybody = await bind({ address: "0.0.0.0" });
    const target = at(everybody, "127.255.255.255");
    const shy = await bind();
    await rejectsWith(Promise.resolve(shy.link.send(utf8("x"), target)), "NET_OS_DENIED");
    const bold = await bind({ broadcast: true });
    await bold.link.send(utf8("to all"), target);
    assert.equal(await everybody.inbox.text(), "to all");
    await shy.link.send(utf8("to one"), at(everybody, "127.0.0.1"));
    assert.equal(await everybody.inbox.text(), "to one");
  });

  for (const sendBufferSize of [null, 100_000]) {
    const kind = sendBufferSize === null ? "socket" : "socket with sizes";
    check(
      `DS-48 a ${kind} reports that nothing listens, as the gaps have it, and goes on`,
      async ({ bind, connect }) => {
        const first = await bind();
        const target = at(first);
        const client = await connect(target, { sendBufferSize });
        first.link.close();
        await client.link.send(utf8("lost"), target);
        if (!gaps.datagramNotConnected) {
          const error = await client.inbox.nextError();
          assert.equal(error.code, "NET_REFUSED", error.message);
          assert.match(error.message, new RegExp(`^Cannot reach 127\\.0\\.0\\.1.*${target.port}`));
        }
        const second = await bind({ port: target.port });
        await client.link.send(utf8("heard"), target);
        assert.equal(await second.inbox.text(), "heard");
        await second.link.send(utf8("answer"), at(client, "127.0.0.1"));
        assert.equal(await client.inbox.text(), "answer");
        assert.deepEqual(client.inbox.errors, []);
      },
    );
  }

  for (const sendBufferSize of [null, 100_000]) {
    const kind = sendBufferSize === null ? "socket" : "socket with sizes";
    check(`DS-48 a datagram that nobody hears fails no other, on a connected ${kind}`, async ({ bind, connect }) => {
      const gone = await bind();
      const { link } = await connect(at(gone), { sendBufferSize });
      gone.link.close();
      // Each of these finds the message for the one before it waiting.
      for (let i = 0; i < 20; i++) await link.send(utf8("lost"), at(gone));
    });

    check(`DS-48 a datagram that nobody hears fails no other, on a bound ${kind}`, async ({ bind }) => {
      const gone = await bind({ address: "::1" });
      gone.link.close();
      const [peer, { link }] = [await bind({ address: "::1" }), await bind({ address: "::", sendBufferSize })];
      for (let i = 0; i < 20; i++) {
        await Promise.all([link.send(utf8("lost"), at(gone)), link.send(utf8("heard"), at(peer))]);
        assert.equal(await peer.inbox.text(), "heard");
      }
    }, { skip: withoutIpv6(host) });
  }

  check("DS-48 a bound socket hears nothing of what nobody heard", async ({ bind }) => {
    const gone = await bind();
    const target = at(gone);
    gone.link.close();
    const { link, inbox } = await bind();
    await link.send(utf8("lost"), target);
    await stalled(() => inbox.errors.length);
    assert.deepEqual(inbox.errors, []);
  });
}
