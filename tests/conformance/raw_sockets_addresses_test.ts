/** Which addresses the Raw Sockets explainer lets a program reach, and where Parley differs from it on purpose. */
import assert from "node:assert/strict";
import type { TCPSocketOptions } from "../../net/faces/raw_sockets/mod.ts";
import type { Answer } from "../../permissions/prompter.ts";
import { memoryTlsServer } from "../../runtime/memory/memory_tls.ts";
import { ONCE } from "../support/broker_fixture.ts";
import { test } from "../support/harness.ts";
import { toldLate } from "../support/late_refusal.ts";
import { ADDRESS, echo, type Faces, makeFaces, PORT, reasonOf } from "./faces.ts";

const DESTINATION: TCPSocketOptions = { remoteAddress: "host.example", remotePort: PORT };

/** What an attempt that must fail rejects with. */
function failure({ navigator }: Faces, options: TCPSocketOptions): Promise<Error> {
  return reasonOf(navigator.openTCPSocket(options));
}

for (const remoteAddress of ["224.0.0.251", "ff02::fb", "255.255.255.255", "0.0.0.0", "::"]) {
  test(`RS-07 ${remoteAddress} is refused without a question`, async () => {
    const faces = makeFaces([ONCE]);
    assert.equal((await failure(faces, { ...DESTINATION, remoteAddress })).name, "NotAllowedError");
    assert.equal(faces.questions.length, 0);
    assert.deepEqual(faces.network.log, []);
  });
}

test("RS-16 one address that is not public is enough to refuse a name, and nothing is connected to", async () => {
  for (
    const addresses of [["192.168.12.34"], [ADDRESS, "192.168.12.34"], ["10.0.0.1", ADDRESS], [ADDRESS, "fd00::1"]]
  ) {
    const faces = makeFaces([ONCE]);
    faces.network.addName("lights.example", ...addresses);
    const options = { ...DESTINATION, remoteAddress: "lights.example" };
    const { name } = await toldLate(faces.clock, failure(faces, options));
    assert.equal(name, "NotAllowedError", addresses.join());
    assert.deepEqual(faces.network.log, ["resolve lights.example"]);
  }
});

test("RS-17 a raw private address is connected to once it is approved, given by script or operator", async () => {
  const answers: Answer[] = [ONCE, { ...ONCE, host: "192.168.12.34" } as Answer];
  const { navigator, network } = makeFaces(answers);
  network.listen({ address: "192.168.12.34", port: PORT }, echo);
  for (const options of [{ remoteAddress: "192.168.12.34", remotePort: PORT }, { remotePort: PORT }]) {
    const socket = await navigator.openTCPSocket(options);
    assert.equal(socket.remoteAddress, "192.168.12.34");
    await socket.close();
  }
});

test("RS-17 a name under .local is a neighbour's or nobody's: the name server is not asked", async () => {
  const faces = makeFaces([ONCE]);
  faces.network.addName("lights.local", "192.168.12.34");
  const options = { ...DESTINATION, remoteAddress: "lights.local" };
  assert.equal((await toldLate(faces.clock, failure(faces, options))).name, "NotAllowedError");
});

/** First and last address of blocks that are not public. */
const NOT_PUBLIC: readonly (readonly [first: string, last: string])[] = [
  ["0.0.0.0", "0.255.255.255"],
  ["10.0.0.0", "10.255.255.255"],
  ["100.64.0.0", "100.127.255.255"],
  ["127.0.0.0", "127.255.255.255"],
  ["169.254.0.0", "169.254.255.255"],
  ["172.16.0.0", "172.31.255.255"],
  ["192.0.2.0", "192.0.2.255"],
  ["192.88.99.0", "192.88.99.255"],
  ["192.168.0.0", "192.168.255.255"],
  ["198.18.0.0", "198.19.255.255"],
  ["198.51.100.0", "198.51.100.255"],
  ["203.0.113.0", "203.0.113.255"],
  ["224.0.0.0", "255.255.255.255"],
  ["::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["4000::", "5fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["6000::", "7fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["8000::", "bfff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["c000::", "dfff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["e000::", "f7ff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["f800::", "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["fe00::", "fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
];

/** Their neighbours. */
const PUBLIC: readonly string[] = [
  ...["1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0"],
  ...["169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.255", "192.0.3.0", "192.88.98.255"],
  ...["192.88.100.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "198.51.99.255"],
  ...["198.51.101.0", "203.0.112.255", "203.0.114.0", "223.255.255.255", "2606:4700:4700::1111", "2a00:1450:4001::1"],
];

test("RS-18 a name that leads to any block that is not public is refused, mapped into IPv6 too; its neighbours are not", async () => {
  const faces = makeFaces([], { broker: { allow: [`any.example:${PORT}`] } });
  const outcome = (address: string): Promise<Error> => {
    faces.network.addName("any.example", address);
    return failure(faces, { ...DESTINATION, remoteAddress: "any.example" });
  };
  const refused = async (address: string): Promise<string> => (await toldLate(faces.clock, outcome(address))).name;
  for (const address of NOT_PUBLIC.flat()) {
    assert.equal(await refused(address), "NotAllowedError", address);
    if (!address.includes(":")) assert.equal(await refused(`::ffff:${address}`), "NotAllowedError", address);
  }
  // Nothing listens there.
  for (const address of PUBLIC) assert.equal((await outcome(address)).name, "NetworkError", address);
});

test("RS-19 the address that was judged is connected to, and an upgrade to TLS looks nothing up", async () => {
  const faces = makeFaces([ONCE]);
  faces.network.listen({ address: ADDRESS, port: PORT }, async (link) => {
    // The next answer would lead elsewhere.
    faces.network.addName("host.example", "192.168.12.34");
    await echo(await memoryTlsServer(link, { names: ["host.example"], authority: "public" }));
  });
  const plain = await faces.navigator.openTCPSocket({ ...DESTINATION, secureTransport: "starttls" });
  await using secure = await plain.startTls();
  assert.equal(secure.remoteAddress, ADDRESS);
  assert.deepEqual(faces.network.log, ["resolve host.example", `connect ${ADDRESS}:${PORT}`]);
});
