import assert from "node:assert/strict";
import { ParleyError } from "../../../core/errors.ts";
import { formatDestination } from "../../../core/destination.ts";
import type { Answer, Prompter } from "../../../permissions/prompter.ts";
import { NO, ONCE, RUN } from "../../../tests/support/broker_fixture.ts";
import {
  address,
  bytes,
  type DirectSocketsPage,
  directSocketsPage,
  peerAt,
  reasonOf,
  stateOf,
  text,
} from "../../../tests/support/direct_sockets_page.ts";
import { test } from "../../../tests/support/harness.ts";
import { MemoryNetwork } from "../../../runtime/memory/net.ts";
import type { DatagramLink } from "../../datagram_port.ts";
import type { MulticastController, UDPSocket, UDPSocketOpenInfo, UDPSocketOptions } from "./mod.ts";

const GROUP = "239.255.0.1";
const OTHER = "239.255.0.2";
const GROUP_6 = "ff15::1";
const SOURCE = "9.9.9.9";
const PORT = 5000;
const YES: readonly Answer[] = Array.from({ length: 8 }, () => ONCE);

interface Scene extends UDPSocketOpenInfo {
  readonly page: DirectSocketsPage;
  readonly socket: UDPSocket;
  readonly controller: MulticastController;
}

interface SceneOptions {
  readonly script?: readonly Answer[];
  readonly prompter?: Prompter;
  readonly network?: MemoryNetwork;
  readonly options?: UDPSocketOptions;
  readonly page?: DirectSocketsPage;
}

async function scene(given: SceneOptions = {}): Promise<Scene> {
  const { options, page = directSocketsPage({ script: YES, ...given }) } = given;
  const socket = new page.UDPSocket({ localAddress: "0.0.0.0", localPort: PORT, ...options });
  const info = await socket.opened;
  const { multicastController: controller } = info;
  assert.ok(controller);
  return { page, socket, controller, ...info };
}

/** What the operator was asked after the socket itself. */
function asked({ page }: Scene): (string | null)[] {
  return page.questions.slice(1).map(({ descriptor }) => {
    const { destination } = descriptor;
    const source = descriptor.name === "direct-sockets-multicast" ? descriptor.source : null;
    if (destination === null) return null;
    return `${formatDestination(destination)}${source === null ? "" : ` from ${source}`}`;
  });
}

/** An operator who answers the socket's question at once and the others when the test says so. */
function slowOperator(): { readonly prompter: Prompter; answer(answer: Answer): void } {
  const answering = Promise.withResolvers<Answer>();
  return {
    prompter: { ask: ({ descriptor }) => descriptor.name === "listen" ? Promise.resolve(ONCE) : answering.promise },
    answer: answering.resolve,
  };
}

/** A network whose sockets fail to join and leave. */
function stubbornNetwork(failing: { join: boolean; leave: boolean }): MemoryNetwork {
  const network = new MemoryNetwork();
  const bind = network.bindDatagram.bind(network);
  network.bindDatagram = async (...given) => {
    const link = await bind(...given);
    for (const deed of ["join", "leave"] as const) {
      const real: DatagramLink["join"] = link[deed].bind(link);
      link[deed] = (membership) => {
        if (failing[deed]) throw new ParleyError("NET_FAILED", `Cannot ${deed}: out of memory`);
        real(membership);
      };
    }
    return link;
  };
  return network;
}

test("DS-01 MulticastController cannot be constructed, and its members want one of its objects", async () => {
  const { page: { MulticastController }, controller, socket } = await scene();
  assert.throws(() => new MulticastController(), /Illegal constructor/);
  const { joinGroup } = MulticastController.prototype;
  await assert.rejects(joinGroup.call(Object.create(controller), GROUP), TypeError);
  assert.throws(() => MulticastController.prototype.joinedGroups, TypeError);
  assert.equal(Object.prototype.toString.call(controller), "[object MulticastController]");
  assert.deepEqual(Reflect.ownKeys(controller), []);
  assert.throws(() => structuredClone(controller), { name: "DataCloneError" });
  await socket.close();
});

test("DS-52 without a group, and with options that are no object, joining and leaving reject with TypeError", async () => {
  const { controller, socket } = await scene();
  for (const deed of ["joinGroup", "leaveGroup"] as const) {
    for (const given of [[], [GROUP, "text"], [GROUP, 1], [Symbol("group")], [GROUP, { sourceAddress: Symbol("s") }]]) {
      const call = Reflect.apply(controller[deed], controller, given) as Promise<void>;
      assert.ok(call instanceof Promise);
      await assert.rejects(call, TypeError);
    }
  }
  await socket.close();
});

test("DS-52 DS-53 what is wrong with a group or a source is a rejection with TypeError, and nobody is asked", async () => {
  const all = await scene();
  const wrong: readonly (readonly [group: string, options?: { sourceAddress: string }])[] = [
    ["mdns.example"],
    ["127.0.0.1"],
    [GROUP, { sourceAddress: OTHER }],
    [GROUP, { sourceAddress: "::9" }],
  ];
  for (const deed of ["joinGroup", "leaveGroup"] as const) {
    for (const given of wrong) await assert.rejects(all.controller[deed](...given), TypeError);
  }
  assert.deepEqual(asked(all), []);
  await all.socket.close();
});

test("DS-52 DS-53 IPv6 groups are joined like others, under their canonical name", async () => {
  const { controller, socket } = await scene({ options: { localAddress: "::" } });
  await controller.joinGroup("FF15:0::0001");
  await controller.joinGroup("ff15::2", { sourceAddress: "2606:2800:0::1" });
  const second = { groupAddress: "ff15::2", sourceAddress: "2606:2800::1" };
  assert.deepEqual(controller.joinedGroups, [GROUP_6, second]);
  await socket.close();
});

test("NET-27 each group is one question, for the group at the socket's own port; sending there is part of it", async () => {
  const all = await scene();
  const { controller, page, writable, socket } = all;
  await controller.joinGroup(GROUP);
  const writer = writable.getWriter();
  await writer.write({ data: bytes("x"), remoteAddress: GROUP, remotePort: PORT });
  await controller.joinGroup(OTHER, { sourceAddress: SOURCE });
  assert.deepEqual(asked(all), [`multicast://${GROUP}:${PORT}`, `multicast://${OTHER}:${PORT} from ${SOURCE}`]);
  assert.equal(page.questions[1]?.risk, "multicast");
  assert.deepEqual(page.network.log, [`join ${GROUP}`, `udp ${GROUP}:${PORT}`, `join ${OTHER}`]);
  writer.releaseLock();
  await socket.close();
});

test("NET-27 a group that the operator refuses rejects with NotAllowedError, is not joined, and not asked again", async () => {
  const all = await scene({ script: [ONCE, NO] });
  const reason = await reasonOf(all.controller.joinGroup(GROUP));
  assert.deepEqual([reason.name, reason.message], ["NotAllowedError", `Not allowed to join the group ${GROUP}`]);
  await assert.rejects(all.controller.joinGroup(GROUP), { name: "NotAllowedError" });
  assert.equal(asked(all).length, 1);
  assert.deepEqual(all.controller.joinedGroups, []);
  assert.deepEqual(all.page.network.log, []);
  await all.socket.close();
});

test("DS-54 joining again the same group, or the same group and source, is an InvalidStateError", async () => {
  const { controller, socket } = await scene();
  await controller.joinGroup(GROUP);
  await assert.rejects(controller.joinGroup(GROUP), { name: "InvalidStateError" });
  await controller.joinGroup(OTHER, { sourceAddress: SOURCE });
  await assert.rejects(controller.joinGroup(OTHER, { sourceAddress: "009.9.9.9" }), TypeError);
  await assert.rejects(controller.joinGroup(OTHER, { sourceAddress: SOURCE }), { name: "InvalidStateError" });
  await controller.joinGroup(OTHER, { sourceAddress: "9.9.9.10" });
  assert.equal(controller.joinedGroups.length, 3);
  await socket.close();
});

test("DS-54 joining while the same is being joined is an InvalidStateError, and the first goes on", async () => {
  const { prompter, answer } = slowOperator();
  const { controller, socket } = await scene({ prompter });
  const first = controller.joinGroup(GROUP);
  await assert.rejects(controller.joinGroup(GROUP), { name: "InvalidStateError" });
  answer(ONCE);
  await first;
  assert.deepEqual(controller.joinedGroups, [GROUP]);
  await socket.close();
});

test("DS-54 DS-56 after the end joining and leaving are InvalidStateErrors, whatever they are given", async () => {
  const { controller, socket } = await scene();
  await controller.joinGroup(GROUP);
  await socket.close();
  for (const deed of ["joinGroup", "leaveGroup"] as const) {
    for (const group of [GROUP, "nonsense"]) {
      await assert.rejects(controller[deed](group), { name: "InvalidStateError" });
    }
  }
});

test("DS-54 a join that the system refuses is a NetworkError, and the group is not listed", async () => {
  const failing = { join: true, leave: false };
  const { controller, socket } = await scene({ network: stubbornNetwork(failing) });
  const reason = await reasonOf(controller.joinGroup(GROUP));
  assert.equal(reason.name, "NetworkError");
  assert.ok(reason.cause instanceof ParleyError && reason.cause.code === "NET_FAILED");
  assert.deepEqual(controller.joinedGroups, []);
  failing.join = false;
  await controller.joinGroup(GROUP);
  assert.deepEqual(controller.joinedGroups, [GROUP]);
  await socket.close();
});

test("DS-54 a group of the other family is a NetworkError", async () => {
  const { controller, socket } = await scene();
  await assert.rejects(controller.joinGroup(GROUP_6), { name: "NetworkError" });
  assert.deepEqual(controller.joinedGroups, []);
  await socket.close();
});

test("DS-55 one group with a source and without is an InvalidStateError, either way round", async () => {
  const { controller, socket } = await scene();
  await controller.joinGroup(GROUP);
  await assert.rejects(controller.joinGroup(GROUP, { sourceAddress: SOURCE }), { name: "InvalidStateError" });
  await controller.joinGroup(OTHER, { sourceAddress: SOURCE });
  await assert.rejects(controller.joinGroup(OTHER), { name: "InvalidStateError" });
  await controller.leaveGroup(OTHER, { sourceAddress: SOURCE });
  await controller.joinGroup(OTHER);
  assert.deepEqual(controller.joinedGroups, [GROUP, OTHER]);
  await socket.close();
});

test("DS-55 joins under way count, too", async () => {
  const { prompter, answer } = slowOperator();
  const { controller, socket } = await scene({ prompter });
  const joins = [controller.joinGroup(GROUP), controller.joinGroup(OTHER, { sourceAddress: SOURCE })];
  await assert.rejects(controller.joinGroup(GROUP, { sourceAddress: SOURCE }), { name: "InvalidStateError" });
  await assert.rejects(controller.joinGroup(OTHER), { name: "InvalidStateError" });
  answer(ONCE);
  await Promise.all(joins);
  await socket.close();
});

test("DS-56 leaving what is not joined, was left, or is joined with another source is an InvalidStateError", async () => {
  const { controller, socket } = await scene();
  await assert.rejects(controller.leaveGroup(GROUP), { name: "InvalidStateError" });
  await controller.joinGroup(GROUP);
  await assert.rejects(controller.leaveGroup(GROUP, { sourceAddress: SOURCE }), { name: "InvalidStateError" });
  const leaving = controller.leaveGroup(GROUP);
  await assert.rejects(controller.leaveGroup(GROUP), { name: "InvalidStateError" });
  assert.equal(await leaving, undefined);
  await assert.rejects(controller.leaveGroup(GROUP), { name: "InvalidStateError" });
  assert.deepEqual(controller.joinedGroups, []);
  await socket.close();
});

test("DS-56 leaving what is still being joined is an InvalidStateError", async () => {
  const { prompter, answer } = slowOperator();
  const { controller, socket } = await scene({ prompter });
  const joining = controller.joinGroup(GROUP);
  await assert.rejects(controller.leaveGroup(GROUP), { name: "InvalidStateError" });
  answer(ONCE);
  await joining;
  await socket.close();
});

test("DS-56 a leave that the system refuses is a NetworkError, and the group stays listed", async () => {
  const { controller, socket } = await scene({ network: stubbornNetwork({ join: false, leave: true }) });
  await controller.joinGroup(GROUP);
  await assert.rejects(controller.leaveGroup(GROUP), { name: "NetworkError" });
  assert.deepEqual(controller.joinedGroups, [GROUP]);
  await socket.close();
});

test("DS-56 after leaving nothing of the group is heard", async () => {
  const { page, controller, readable, socket } = await scene();
  const sender = await peerAt(page.network, SOURCE, 53);
  const reader = readable.getReader();
  await controller.joinGroup(GROUP);
  await sender.send("in", { localAddress: GROUP, localPort: PORT });
  assert.equal(text((await reader.read()).value?.data), "in");
  await controller.leaveGroup(GROUP);
  const reading = reader.read();
  await sender.send("out", { localAddress: GROUP, localPort: PORT });
  assert.equal(await stateOf(reading), "pending");
  await sender.send("direct", { localAddress: "127.0.0.1", localPort: PORT });
  assert.equal(text((await reading).value?.data), "direct");
  reader.releaseLock();
  await socket.close();
});

test("DS-57 joinedGroups is frozen, in the order of joining, and the same array until that changes", async () => {
  const { controller, socket } = await scene();
  const none = controller.joinedGroups;
  assert.ok(Object.isFrozen(none));
  assert.equal(controller.joinedGroups, none);
  await controller.joinGroup(OTHER);
  await controller.joinGroup(GROUP, { sourceAddress: SOURCE });
  await controller.joinGroup("224.0.1.1");
  const joined = controller.joinedGroups;
  assert.notEqual(joined, none);
  assert.ok(Object.isFrozen(joined));
  assert.equal(controller.joinedGroups, joined);
  assert.deepEqual(joined, [OTHER, { groupAddress: GROUP, sourceAddress: SOURCE }, "224.0.1.1"]);
  await controller.leaveGroup(OTHER);
  assert.deepEqual(controller.joinedGroups, [{ groupAddress: GROUP, sourceAddress: SOURCE }, "224.0.1.1"]);
  assert.equal(joined.length, 3);
  // As many as before, and not the same.
  await controller.leaveGroup("224.0.1.1");
  await controller.joinGroup("224.0.1.2");
  assert.deepEqual(controller.joinedGroups, [{ groupAddress: GROUP, sourceAddress: SOURCE }, "224.0.1.2"]);
  await socket.close();
  assert.deepEqual(controller.joinedGroups, []);
});

test("DS-57 a group that is being joined is not among them", async () => {
  const { prompter, answer } = slowOperator();
  const { controller, socket } = await scene({ prompter });
  const joining = controller.joinGroup(GROUP);
  assert.deepEqual(controller.joinedGroups, []);
  answer(ONCE);
  await joining;
  assert.deepEqual(controller.joinedGroups, [GROUP]);
  await socket.close();
});

test("DS-57 what is pending when the socket is closed rejects with AbortError, though nobody ever answers", async () => {
  const { prompter, answer } = slowOperator();
  const { page, controller, socket } = await scene({ prompter });
  const joins = [controller.joinGroup(GROUP), controller.joinGroup(OTHER, { sourceAddress: SOURCE })];
  assert.equal(await stateOf(Promise.race(joins)), "pending");
  await socket.close();
  for (const joining of joins) await assert.rejects(joining, { name: "AbortError" });
  answer(ONCE);
  assert.equal(await stateOf(socket.closed), "fulfilled");
  assert.deepEqual(controller.joinedGroups, []);
  assert.deepEqual(page.network.log, []);
});

test("DS-58 with multicastAllowAddressSharing two sockets hear the group on one port, and without it one is refused", async () => {
  const sharing = { localAddress: "0.0.0.0", localPort: PORT, multicastAllowAddressSharing: true };
  const first = await scene({ options: sharing });
  const second = await scene({ options: sharing, page: first.page });
  for (const { controller } of [first, second]) await controller.joinGroup(GROUP);
  const sender = await peerAt(first.page.network, SOURCE, 53);
  await sender.send("to both", { localAddress: GROUP, localPort: PORT });
  for (const { readable, socket } of [first, second]) {
    const reader = readable.getReader();
    assert.deepEqual((await reader.read()).value, { data: bytes("to both"), remoteAddress: SOURCE, remotePort: 53 });
    reader.releaseLock();
    const third = new first.page.UDPSocket({ localAddress: "0.0.0.0", localPort: PORT });
    await assert.rejects(third.opened, { name: "NetworkError" });
    await socket.close();
  }
});

test("DS-53 DS-57 with a source only that sender is heard", async () => {
  const { page, controller, readable, socket } = await scene();
  await controller.joinGroup(GROUP, { sourceAddress: SOURCE });
  const [good, evil] = [await peerAt(page.network, SOURCE, 53), await peerAt(page.network, "9.9.9.10", 53)];
  const group = { localAddress: GROUP, localPort: PORT };
  await evil.send("evil", group);
  await good.send("good", group);
  const reader = readable.getReader();
  assert.equal(text((await reader.read()).value?.data), "good");
  reader.releaseLock();
  await socket.close();
});

test("DS-59 what is sent to a group comes back to this machine, unless multicastLoopback is false", async () => {
  for (const multicastLoopback of [undefined, true, false]) {
    const options = multicastLoopback === undefined ? {} : { multicastLoopback };
    const { page, controller, readable, writable, socket } = await scene({ options });
    await controller.joinGroup(GROUP);
    const reader = readable.getReader();
    const writer = writable.getWriter();
    const reading = reader.read();
    await writer.write({ data: bytes("hello"), remoteAddress: GROUP, remotePort: PORT });
    assert.equal(await stateOf(reading), multicastLoopback === false ? "pending" : "fulfilled");
    reader.releaseLock();
    await reading.catch(() => {});
    writer.releaseLock();
    await socket.close();
    assert.equal(page.engine.inventory.size, 0);
  }
});

for (const [multicastTimeToLive, seen] of [[0, []], [1, ["hello"]], [undefined, ["hello"]]] as const) {
  for (const mode of ["bound", "connected"]) {
    test(`DS-59 ${mode}, multicastTimeToLive ${multicastTimeToLive}: other machines hear ${seen.length} datagrams`, async () => {
      const page = directSocketsPage({ script: YES });
      const far = await peerAt(page.network, SOURCE, PORT);
      const group = { remoteAddress: GROUP, remotePort: PORT };
      far.link.join({ group: address(GROUP), source: null, interfaceName: null });
      const hops = multicastTimeToLive === undefined ? {} : { multicastTimeToLive };
      const socket = new page.UDPSocket(
        mode === "bound" ? { localAddress: "0.0.0.0", ...hops } : { ...group, ...hops },
      );
      const writer = (await socket.opened).writable.getWriter();
      await writer.write(mode === "bound" ? { data: bytes("hello"), ...group } : { data: bytes("hello") });
      await stateOf(socket.closed);
      assert.deepEqual(far.inbox.received.map((one) => text(one.bytes)), seen);
      writer.releaseLock();
      await socket.close();
    });
  }
}

test("NET-27 connected mode with a group sends to it: one question for the group, and no limit until somebody answers", async () => {
  const page = directSocketsPage({ script: [ONCE] });
  const { network, questions } = page;
  const socket = new page.UDPSocket({ remoteAddress: GROUP, remotePort: PORT });
  const { writable, remoteAddress, multicastController } = await socket.opened;
  assert.deepEqual([remoteAddress, multicastController], [GROUP, undefined]);
  const [question] = questions;
  assert.equal(question?.descriptor.name, "direct-sockets-multicast");
  assert.equal(question?.risk, "multicast");
  const writer = writable.getWriter();
  for (let count = 0; count < 50; count++) await writer.write({ data: new Uint8Array(1000) });
  assert.deepEqual(network.log, [`udp ${GROUP}:${PORT}`]);
  assert.equal(questions.length, 1);
  writer.releaseLock();
  await socket.close();
});

test("CON-13 taking a group's approval back leaves it; the socket goes on", async () => {
  const { page, controller, socket } = await scene({ script: [ONCE, RUN] });
  await controller.joinGroup(GROUP);
  page.broker.revokeAll();
  assert.deepEqual(controller.joinedGroups, []);
  assert.equal(await stateOf(socket.closed), "pending");
  await socket.close();
});
