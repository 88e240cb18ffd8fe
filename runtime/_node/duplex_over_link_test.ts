import assert from "node:assert/strict";
import type { ByteLink } from "../../net/port.ts";
import { test } from "../../tests/support/harness.ts";
import { LinkDuplex } from "./duplex_over_link.ts";

/** A link that is driven by hand. */
class HandLink implements ByteLink {
  readonly remote = { address: "192.0.2.1", port: 1 };
  readonly local = { address: "192.0.2.2", port: 2 };
  readonly bufferedBytes = 0;
  readonly log: string[] = [];
  reads = 0;
  taken: PromiseWithResolvers<void> = Promise.withResolvers();

  read(): Promise<number> {
    return Promise.resolve(0);
  }

  readChunk(): Promise<Uint8Array<ArrayBuffer> | null> {
    return Promise.resolve(++this.reads > 50 ? null : new Uint8Array(16 * 1024).fill(this.reads));
  }

  write(bytes: Uint8Array): Promise<void> {
    this.log.push(`write ${bytes.byteLength}`);
    return this.taken.promise;
  }

  closeWrite(): Promise<void> {
    this.log.push("closeWrite");
    return Promise.resolve();
  }

  close(): void {
    this.log.push("close");
  }

  reset(): void {}
}

function turns(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}

test("NET-03 the duplex reads no more than its buffer holds while nobody reads from it", async () => {
  const link = new HandLink();
  const duplex = new LinkDuplex(link);
  duplex.read(0);
  await turns();
  assert.ok(link.reads > 0 && link.reads < 10, `${link.reads} reads`);
  duplex.destroy();
});

test("NET-03 the duplex takes nothing from the link while it is held, and goes on when released", async () => {
  const link = new HandLink();
  const duplex = new LinkDuplex(link);
  duplex.hold();
  let got = 0;
  duplex.on("data", (chunk: Uint8Array) => got += chunk.byteLength);
  await turns();
  assert.equal(link.reads, 0);
  const ended = new Promise((resolve) => duplex.once("end", resolve));
  duplex.release();
  await ended;
  assert.equal(got, 50 * 16 * 1024);
  duplex.destroy();
});

test("NET-03 flushed waits until the link has taken everything", async () => {
  const link = new HandLink();
  const duplex = new LinkDuplex(link);
  duplex.write(new Uint8Array(10));
  duplex.write(new Uint8Array(20));
  let flushed = false;
  const waiting = duplex.flushed().then(() => flushed = true);
  await turns();
  assert.equal(flushed, false);
  link.taken.resolve();
  await waiting;
  assert.deepEqual(link.log, ["write 10", "write 20"]);
  duplex.destroy();
});

test("NET-04 destroying without an error lets the last write out, then closes the link", async () => {
  const link = new HandLink();
  const duplex = new LinkDuplex(link);
  duplex.write(new Uint8Array(10));
  duplex.destroy();
  await turns();
  assert.deepEqual(link.log, ["write 10"]);
  link.taken.resolve();
  await turns();
  assert.deepEqual(link.log, ["write 10", "closeWrite", "close"]);
});

test("NET-04 destroying with an error closes the link at once", () => {
  const link = new HandLink();
  const duplex = new LinkDuplex(link);
  duplex.on("error", () => {});
  duplex.destroy(new TypeError("broken"));
  assert.deepEqual(link.log, ["close"]);
});
