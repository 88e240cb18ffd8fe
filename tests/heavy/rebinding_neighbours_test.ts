/**
 * Names under `.local`, answered by a real responder on the link (NET-14, NET-29), and what is left of the address defence
 * where Deno's permissions hide this machine's addresses or let only names be connected to. In network namespaces.
 */
import assert from "node:assert/strict";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { missingPackage, PYTHON } from "../support/debian_package.ts";
import { RUNTIMES } from "../support/each_runtime.ts";
import { test } from "../support/harness.ts";
import { startMdnsResponder } from "../support/mdns_responder.ts";
import { MAIL_SERVER, netnsMissing, ROUTER } from "../support/netns.ts";
import type { CapturedPacket } from "../support/packet_capture.ts";
import { RebindingLab, ROUTER_IPV6 } from "../support/rebinding_lab.ts";
import { RecordProcess } from "../support/record_process.ts";
import { runtimePath, type TestRuntime } from "../support/runtimes.ts";

const PROGRAM = fileURLToPath(new URL("./rebinding_by_name.ts", import.meta.url));
const SKIP = await netnsMissing() ?? missingPackage("dnsmasq-base");
const LAB = { skip: SKIP, timeoutMs: 120_000 };
const NEIGHBOURS = { ...LAB, skip: SKIP ?? missingPackage("avahi-daemon") };

/** Listens at every address, and says what it gets. */
const LISTENER = `import json, socket, sys, threading
server = socket.create_server(("::", int(sys.argv[1])), family=socket.AF_INET6, dualstack_ipv6=True)
say = lambda **record: print(json.dumps(record), flush=True)
def serve(connection):
    with connection:
        try:
            while data := connection.recv(4096): say(event="received", text=data.decode("latin-1"))
        except OSError: pass
    say(event="ended")
say(event="ready")
while True:
    connection, _ = server.accept()
    say(event="accepted")
    threading.Thread(target=serve, args=(connection,), daemon=True).start()`;

/** Answers on the link by IPv6 alone, with its link-local address; says which that is. */
const LINK_LOCAL_RESPONDER = `import json, socket, struct, subprocess, sys
name = sys.argv[1]
listed = json.loads(subprocess.run(["ip", "-j", "-6", "address", "show", "dev", name], capture_output=True).stdout)
own = next(one["local"] for one in listed[0]["addr_info"] if one["scope"] == "link")
index = socket.if_nametoindex(name)
server = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
server.bind(("::", 5353))
group = socket.inet_pton(socket.AF_INET6, "ff02::fb") + struct.pack("@I", index)
server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group)
print(json.dumps({"event": "ready", "address": own}), flush=True)
while True:
    query, sender = server.recvfrom(4096)
    if query[12:22] != b"\\x03six\\x05local": continue
    record = query[12:23] + struct.pack(">HHIH", 28, 1, 10, 16) + socket.inet_pton(socket.AF_INET6, own)
    server.sendto(query[:2] + struct.pack(">HHHHH", 0x8400, 0, 1, 0, 0) + record, sender)`;

/** Opens names on a runtime in the lab, and tells the outcomes. */
async function outcomes(
  lab: RebindingLab,
  runtime: TestRuntime,
  { transport, port, names, denoFlags = ["-A"] }: {
    readonly transport: "tcp" | "udp";
    readonly port: number;
    readonly names: readonly string[];
    readonly denoFlags?: readonly string[];
  },
): Promise<Record<string, string>> {
  const flags = runtime === "deno" ? ["run", "--no-check", "--no-prompt", ...denoFlags] : [];
  const argv = [await runtimePath(runtime), ...flags, PROGRAM, transport, String(port), names.join()];
  const env = { ...process.env, DENO_NO_UPDATE_CHECK: "1" };
  await using program = new RecordProcess(lab.namespaces.inClient(argv), { env });
  return (await program.record({})).record["outcomes"] as Record<string, string>;
}

async function listener(argv: readonly string[]): Promise<RecordProcess> {
  const server = new RecordProcess(argv);
  await server.record({ event: "ready" });
  return server;
}

for (const runtime of RUNTIMES) {
  test(`NET-29 on ${runtime} a printer under .local opens and opens again, and no name server is asked`, async () => {
    await using lab = await RebindingLab.create();
    await using _responder = await startMdnsResponder(lab.namespaces);
    await using _printer = await listener(lab.namespaces.inRouter([PYTHON, "-c", LISTENER, "631"]));
    await using capture = await lab.capture();
    const names = ["printer.local", "PRINTER.local", "nobody.local"];
    for (const transport of ["tcp", "udp"] as const) {
      const { "nobody.local": nobody, ...found } = await outcomes(lab, runtime, { transport, port: 631, names });
      assert.equal(nobody, "NET_DNS");
      // Whichever of its addresses it answers with first.
      for (const address of Object.values(found)) assert.ok([ROUTER, ROUTER_IPV6].includes(address), address);
      assert.equal(Object.keys(found).length, 2);
    }
    const packets = await capture.sinceMark();
    assert.deepEqual(packets.filter(({ kind }) => kind === "query").map(({ line }) => line), []);
    assert.ok(packets.some(({ to }) => to === "224.0.0.251.5353"), "no neighbour was asked");
    assert.deepEqual(synsOf(packets).map((to) => [`${ROUTER}.631`, `${ROUTER_IPV6}.631`].includes(to)), [true, true]);
    assert.deepEqual(lab.asked, []);
  }, NEIGHBOURS);
}

for (const runtime of RUNTIMES) {
  test(
    `NET-29 NET-24 on ${runtime} a neighbour under .local that has a link-local IPv6 address alone opens`,
    async () => {
      await using lab = await RebindingLab.create();
      const { routerInterface, clientInterface } = lab.namespaces;
      await using responder = new RecordProcess(
        lab.namespaces.inRouter([PYTHON, "-c", LINK_LOCAL_RESPONDER, routerInterface]),
      );
      const { address } = (await responder.record({ event: "ready" })).record;
      await using _server = await listener(lab.namespaces.inRouter([PYTHON, "-c", LISTENER, "631"]));
      for (const transport of ["tcp", "udp"] as const) {
        const found = await outcomes(lab, runtime, { transport, port: 631, names: ["six.local"] });
        assert.ok([`${address}%${clientInterface}`, address].includes(found["six.local"]), found["six.local"]);
      }
      assert.deepEqual(lab.asked, []);
    },
    LAB,
  );
}

/** What the runtime itself needs of Deno to load the program. */
const NARROW = ["--allow-read", "--allow-env", "--allow-import"];
const HERE = ["loopback.test", "own.test", "own6.test", "onlink.test", "onlink6.test", "mapped.test", "zero.test"];
const OPEN = { "public.test": MAIL_SERVER };
const REFUSED = Object.fromEntries(HERE.map((name) => [name, "PERM_ADDRESS"]));

test(
  "NET-14 Deno with --allow-net=NAME:PORT alone: a name that leads here is cut off before a byte is written",
  async () => {
    await using lab = await RebindingLab.create();
    await using here = await listener(lab.namespaces.inClient([PYTHON, "-c", LISTENER, "25"]));
    await using there = await listener(lab.namespaces.inRouter([PYTHON, "-c", LISTENER, "26"]));
    await using capture = await lab.capture();
    const names = [...HERE.filter((name) => name !== "mapped.test"), "public.test"];
    const { "mapped.test": _, ...refused } = REFUSED;
    const denoFlags = [...NARROW, `--allow-net=${names.map((name) => `${name}:25,${name}.:25`).join()}`];
    const found = await outcomes(lab, "deno", { transport: "tcp", port: 25, names, denoFlags }) as Record<
      string,
      string
    >;
    // Nobody listens at the neighbour's port 25: refused by it or by us, never open.
    for (const name of ["onlink.test", "onlink6.test"]) {
      assert.ok(
        ["PERM_ADDRESS", "NET_REFUSED"].includes(found[name] ?? ""),
      );
    }
    assert.deepEqual({ ...found, "onlink.test": "PERM_ADDRESS", "onlink6.test": "PERM_ADDRESS" }, {
      ...refused,
      ...OPEN,
    });
    assert.deepEqual(payloads(await capture.sinceMark()), []);
    assert.ok(!here.records.some(({ record }) => record["event"] === "received"), "bytes were written");
    // At a port where the neighbour listens, the connection comes about and is cut.
    const near = ["onlink.test", "onlink6.test"];
    const flags = [...NARROW, `--allow-net=${near.map((name) => `${name}:26,${name}.:26`).join()}`];
    assert.deepEqual(await outcomes(lab, "deno", { transport: "tcp", port: 26, names: near, denoFlags: flags }), {
      "onlink.test": "PERM_ADDRESS",
      "onlink6.test": "PERM_ADDRESS",
    });
    assert.ok(!there.records.some(({ record }) => record["event"] === "received"), "bytes were written");
    assert.deepEqual(payloads(await capture.sinceMark()), []);
  },
  LAB,
);

test(
  "NET-14 Deno with --allow-net: TCP is judged by its own end, UDP by name needs --allow-sys=networkInterfaces",
  async () => {
    await using lab = await RebindingLab.create();
    await using _here = await listener(lab.namespaces.inClient([PYTHON, "-c", LISTENER, "25"]));
    await using _there = await listener(lab.namespaces.inRouter([PYTHON, "-c", LISTENER, "26"]));
    await using capture = await lab.capture();
    const hidden = [...NARROW, "--allow-net"];
    const shown = [...hidden, "--allow-sys=networkInterfaces"];
    const open = (transport: "tcp" | "udp", port: number, denoFlags: readonly string[]): Promise<unknown> =>
      outcomes(lab, "deno", {
        transport,
        port,
        names: port === 25 ? [...HERE, "public.test"] : HERE.slice(3, 5),
        denoFlags,
      });
    const all = { ...REFUSED, "onlink.test": "NET_REFUSED", "onlink6.test": "NET_REFUSED", ...OPEN };
    assert.deepEqual(await open("tcp", 25, hidden), all);
    assert.deepEqual(await open("tcp", 26, hidden), { "onlink.test": "PERM_ADDRESS", "onlink6.test": "PERM_ADDRESS" });
    assert.deepEqual(payloads(await capture.sinceMark()), []);
    const unknown = Object.fromEntries([...HERE, "public.test"].map((name) => [name, "RUNTIME_UNSUPPORTED"]));
    assert.deepEqual(await open("udp", 25, hidden), unknown);
    assert.deepEqual(await capture.sinceMark(), [], "nothing leaves, not even a question");
    for (const transport of ["tcp", "udp"] as const) {
      assert.deepEqual(await open(transport, 25, shown), { ...REFUSED, ...OPEN }, transport);
    }
    assert.deepEqual(synsOf(await capture.sinceMark()), [`${MAIL_SERVER}.25`]);
  },
  LAB,
);

function synsOf(packets: readonly CapturedPacket[]): string[] {
  return packets.filter(({ kind }) => kind === "syn").map(({ to }) => to);
}

/** Segments with bytes of the program's in them. */
function payloads(packets: readonly CapturedPacket[]): string[] {
  return packets.map(({ line }) => line).filter((line) => /> \S+\.2[56]: Flags .*length [1-9]/.test(line));
}
