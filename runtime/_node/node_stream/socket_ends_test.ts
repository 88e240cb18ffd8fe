import assert from "node:assert/strict";
import { test } from "../../../tests/support/harness.ts";
import { socketEnds, UNKNOWN_ENDS } from "./socket_ends.ts";

test("NET-03 both ends are read off a socket, and off WinterTC's texts", () => {
  const remote = { address: "192.0.2.1", port: 25, family: "IPv4" };
  const local = { address: "2001:db8::1", port: 5000, family: "IPv6" };
  const apart = { remoteAddress: "192.0.2.1", remotePort: 25, localAddress: "2001:db8::1", localPort: 5000 };
  assert.deepEqual(socketEnds(apart), { remote, local });
  const joined = { remoteAddress: "192.0.2.1:25", localAddress: "[2001:db8::1]:5000" };
  assert.deepEqual(socketEnds(joined), { remote, local });
});

test("NET-03 what is no address is not shown", () => {
  for (
    const text of ["mail.example", "mail.example:25", "192.0.2.1", "192.0.2.1:", "2001:db8::1:25", "[::1]", 7, null]
  ) {
    assert.deepEqual(socketEnds({ remoteAddress: text, localAddress: undefined }), UNKNOWN_ENDS, String(text));
  }
  for (const source of [undefined, null, "text", {}]) assert.deepEqual(socketEnds(source), UNKNOWN_ENDS);
});
