/**
 * Queries PostgreSQL with the pg package as it runs in Cloudflare Workers, by pg-cloudflare and `cloudflare:sockets`:
 * `PARLEY_ALLOW=db.example.org:5432 bun --conditions=workerd examples/postgres_workers.ts postgres://ada@db.example.org/shop`
 *
 * Node takes the same option, Deno the variable DENO_CONDITIONS=workerd. PGSSLROOTCERT names a file with the authority to
 * trust, where it is a private one. A new program does better with `postgres.ts`.
 */
import { readFile } from "node:fs/promises";
import process from "node:process";
import { trust } from "./cloudflare_sockets.ts";

const [connectionString = "", query = "SELECT version()"] = process.argv.slice(2);
const { PGSSLROOTCERT } = process.env;
if (PGSSLROOTCERT !== undefined) trust.ca = await readFile(PGSSLROOTCERT, "utf8");

// This is how pg finds out that it is in a Worker, when it is loaded.
Object.defineProperty(navigator, "userAgent", { value: "Cloudflare-Workers" });
const { default: pg } = await import("pg");

const client = new pg.Client({ connectionString, ssl: true });
await client.connect();
const { rows } = await client.query(query);
for (const row of rows) console.log(JSON.stringify(row));
await client.end();
