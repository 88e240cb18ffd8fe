import assert from "node:assert/strict";
import { test } from "../tests/support/harness.ts";
import { serviceName, tlsPortFor } from "./service_names.ts";

test("NET-09 names well-known ports as a person would", () => {
  assert.equal(serviceName(25, "tcp"), "SMTP mail");
  assert.equal(serviceName(22, "tcp"), "SSH");
  assert.equal(serviceName(631, "tcp"), "IPP printer");
  assert.equal(serviceName(443, "udp"), "HTTP/3 web");
  assert.equal(serviceName(53, "udp"), "DNS");
  assert.equal(serviceName(53, "tcp"), "DNS");
});

test("NET-09 names nothing it does not know", () => {
  for (const port of [0, -1, 4, 65535, 25.5, NaN]) assert.equal(serviceName(port, "tcp"), null);
  assert.equal(serviceName(25, "udp"), null);
  assert.equal(serviceName(25, "constructor" as "tcp"), null);
});

test("NET-18 knows the encrypted port of a plaintext service", () => {
  assert.deepEqual(tlsPortFor(25), { port: 465, name: "SMTP mail over TLS" });
  assert.deepEqual(tlsPortFor(80), { port: 443, name: "HTTPS web" });
  assert.deepEqual(tlsPortFor(110), { port: 995, name: "POP3 mail over TLS" });
  assert.deepEqual(tlsPortFor(6667), { port: 6697, name: "IRC chat over TLS" });
  for (const port of [22, 23, 443, 993, 12345, NaN]) assert.equal(tlsPortFor(port), null);
});

test("NET-18 suggests only ports that have a name and are not themselves to be replaced", () => {
  let found = 0;
  for (let port = 1; port <= 65535; port++) {
    const other = tlsPortFor(port);
    if (other === null) continue;
    found++;
    assert.match(other.name, /TLS|HTTPS/, String(port));
    assert.equal(tlsPortFor(other.port), null);
  }
  assert.ok(found >= 15, String(found));
});
