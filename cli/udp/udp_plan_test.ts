import assert from "node:assert/strict";
import { formatDestination } from "../../core/destination.ts";
import { parseArguments } from "../../runtime/_node/arguments.ts";
import { test } from "../../tests/support/harness.ts";
import { udpCommand } from "../commands/udp.ts";
import { explain } from "../exit_codes.ts";
import { type BoundPlan, readUdpPlan, type UdpPlan } from "./udp_plan.ts";

const ANY = ["--listen", "0.0.0.0:0"];

function plan(...args: readonly string[]): UdpPlan {
  return readUdpPlan(parseArguments(args, { ...udpCommand.options, json: { type: "boolean" } }));
}

function bound(...args: readonly string[]): BoundPlan {
  const { socket } = plan(...args);
  assert.ok(socket.kind === "bound");
  return socket;
}

test("NET-07 HOST:PORT is a socket with one peer; lines are sent and answers waited for a second", () => {
  const { socket, input, count, waitMs, timeoutMs, reply } = plan("time.example.org:123");
  assert.equal(socket.kind, "connected");
  assert.equal(socket.to === null ? null : formatDestination(socket.to), "udp://time.example.org:123");
  assert.deepEqual([input, count, waitMs, timeoutMs, reply], ["lines", null, 1000, null, false]);
  const other = plan("udp://[2001:db8::1]:53", "--whole", "--count", "3", "--wait", "0", "--timeout", "2.5", "--json");
  assert.equal(other.socket.to?.host.text, "2001:db8::1");
  assert.deepEqual(
    [other.input, other.count, other.waitMs, other.timeoutMs, other.json],
    ["whole", 3, 0, 2500, true],
  );
});

test("NET-22 --listen is on loopback unless an address is written out, and reads input only when it goes somewhere", () => {
  for (
    const [text, local] of [
      ["5000", "127.0.0.1:5000"],
      ["0", "127.0.0.1:0"],
      ["0.0.0.0:5000", "0.0.0.0:5000"],
      ["[::]:0", "[::]:0"],
      ["listen+udp://192.168.1.5:9", "192.168.1.5:9"],
    ] as const
  ) {
    assert.equal(formatDestination(bound("--listen", text).local), `listen+udp://${local}`);
  }
  assert.equal(plan("--listen", "5000").input, "none");
  assert.equal(plan("--listen", "5000", "--reply").input, "lines");
  assert.equal(plan("--listen", "5000", "--to", "127.0.0.2:5001").input, "lines");
});

test("NET-27 groups are read with source and interface, and broadcasts by their addresses", () => {
  const args = ["--listen", "0.0.0.0:5353", "--join", "224.0.0.251", "--join", "232.1.1.1@192.0.2.7"];
  const { joins, interfaceName } = bound(...args, "--interface", "eth0");
  assert.deepEqual(
    joins.map(({ group, source, interfaceName: name }) => [group.text, source?.text ?? null, name]),
    [["224.0.0.251", null, "eth0"], ["232.1.1.1", "192.0.2.7", "eth0"]],
  );
  assert.equal(interfaceName, "eth0");
  const wake = bound("--listen", "0.0.0.0:0", "--broadcast", "--to", "255.255.255.255:9");
  assert.deepEqual([wake.broadcast, wake.to?.host.text], [true, "255.255.255.255"]);
});

for (
  const [title, args] of [
    ["no destination", []],
    ["two destinations", ["192.0.2.1:9", "192.0.2.1:10"]],
    ["no port", ["192.0.2.1"]],
    ["port 0", ["192.0.2.1:0"]],
    ["a numeric trick", ["127.1:9"]],
    ["another scheme", ["tcp://192.0.2.1:9"]],
    ["a group for a peer", ["224.0.0.251:5353"]],
    ["everybody for a peer", ["255.255.255.255:9"]],
    ["--to without --listen", ["192.0.2.1:9", "--to", "192.0.2.1:9"]],
    ["--broadcast without --listen", ["192.0.2.1:9", "--broadcast"]],
    ["both a peer and --listen", ["192.0.2.1:9", ...ANY]],
    ["a name to listen at", ["--listen", "localhost:5000"]],
    ["another scheme to listen at", ["--listen", "listen://127.0.0.1:5000"]],
    ["--to and --reply", [...ANY, "--to", "192.0.2.1:9", "--reply"]],
    ["--to beyond what loopback reaches", ["--listen", "0", "--to", "192.0.2.1:9"]],
    ["everybody without --broadcast", [...ANY, "--to", "255.255.255.255:9"]],
    ["--broadcast without --to", [...ANY, "--broadcast"]],
    ["a group at loopback", ["--listen", "5353", "--join", "224.0.0.251"]],
    ["a group that is none", [...ANY, "--join", "192.0.2.1"]],
    ["a source that is a group", [...ANY, "--join", "232.1.1.1@232.1.1.2"]],
    ["two sources", [...ANY, "--join", "232.1.1.1@192.0.2.1@192.0.2.2"]],
    ["--interface without a group", [...ANY, "--interface", "eth0"]],
    ["an interface that is none", [...ANY, "--join", "224.0.0.251", "--interface", "eth0/../x"]],
    ["--hex and --crlf", ["192.0.2.1:9", "--hex", "--crlf"]],
    ["--whole and --empty", ["192.0.2.1:9", "--whole", "--empty"]],
    ["--wait where nothing is sent", [...ANY, "--wait", "3"]],
    ["--count 0", ["192.0.2.1:9", "--count", "0"]],
    ["--count with a fraction", ["192.0.2.1:9", "--count", "1.5"]],
    ["a wait that is none", ["192.0.2.1:9", "--wait", "soon"]],
    ["a negative wait", ["192.0.2.1:9", "--wait=-1"]],
    ["a timeout of 0", ["192.0.2.1:9", "--timeout", "0"]],
    ["--listen without its value", ["--listen", "--crlf"]],
    ["--crlf where nothing is sent", [...ANY, "--crlf"]],
  ] as const
) {
  test(`NET-07 the command line is refused for ${title}`, () => {
    assert.throws(() => plan(...args), (error) => {
      const { code, message, status } = explain(error);
      assert.ok(["ARG_INVALID", "DEST_SYNTAX", "DEST_HOST"].includes(code), code);
      assert.ok(message.startsWith("Cannot ") || message.startsWith("Option '"), message);
      return status === 64;
    });
  });
}
