/**
 * Queries PostgreSQL over TLS with the pg package:
 * `PARLEY_ALLOW=db.example.org:5432 bun examples/postgres.ts postgres://ada@db.example.org/shop "SELECT version()"`
 *
 * A PostgreSQL connection begins in plaintext and is upgraded. Parley does that here, on the terms that the operator
 * approved, and pg gets a connection that is encrypted already. PGSSLROOTCERT names a file with the authority to trust, where
 * it is a private one.
 */
import { readFile } from "node:fs/promises";
import process from "node:process";
import { openTCPSocket, type TCPSocket, type TCPSocketOptions } from "@parley/parley";
import { ParleySocket } from "@parley/parley/node";
import pg from "pg";

const [connectionString = "", query = "SELECT version()"] = process.argv.slice(2);
const { PGSSLROOTCERT } = process.env;
const tls = PGSSLROOTCERT === undefined ? {} : { ca: await readFile(PGSSLROOTCERT, "utf8") };
const SSL_REQUEST = Uint8Array.of(0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f);

/** Opens a connection, asks for TLS and upgrades. */
async function openPostgres(options: TCPSocketOptions): Promise<TCPSocket> {
  await using plain = await openTCPSocket({ ...options, secureTransport: "starttls", tls });
  const writer = plain.writable.getWriter();
  await writer.write(SSL_REQUEST);
  writer.releaseLock();
  const reader = plain.readable.getReader({ mode: "byob" });
  const { value } = await reader.read(new Uint8Array(1));
  reader.releaseLock();
  if (value?.[0] !== "S".charCodeAt(0)) throw new TypeError("The server does not offer TLS");
  return await plain.startTls();
}

const client = new pg.Client({
  connectionString,
  ssl: false, // not by pg
  stream: () => new ParleySocket({ openTCPSocket: openPostgres }),
});
await client.connect();
const { rows } = await client.query(query);
for (const row of rows) console.log(JSON.stringify(row));
await client.end();
