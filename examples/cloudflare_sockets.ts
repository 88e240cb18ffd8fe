/**
 * What `cloudflare:sockets` stands for where code written for Cloudflare Workers runs over Parley: its `connect()` is the one
 * of the WinterTC Sockets API. Importing this file makes the name known; `postgres_workers.ts` shows it.
 */
import module from "node:module";
import { type AnySocketAddress, connect as open, type Socket, type SocketOptions } from "@parley/parley/wintertc";

const NAME = "cloudflare:sockets";
type Exports = () => { readonly exports: unknown; readonly loader: "object" };
type Build = { module(name: string, load: Exports): void };
type BunGlobal = { plugin(plugin: { readonly name: string; setup(build: Build): void }): void };

/** PEM authority to trust for TLS instead of the runtime's, which Workers cannot say themselves; null for the runtime's. */
export const trust: { ca: string | null } = { ca: null };

/** `connect()` as Workers know it. */
export function connect(address: AnySocketAddress, options: SocketOptions = {}): Socket {
  if (trust.ca === null || (options.secureTransport ?? "off") === "off") return open(address, options);
  const socket = open(address, { ...options, tls: { ca: trust.ca } });
  // Options that are not Parley's come along with the upgrade: without them it is made on the terms above.
  return Object.defineProperty(socket, "startTls", {
    value: () => Object.getPrototypeOf(socket).startTls.call(socket),
  });
}

const { Bun } = globalThis as { readonly Bun?: BunGlobal };
if (Bun === undefined) { // Deno and Node
  module.registerHooks({
    resolve: (specifier, context, next) =>
      specifier === NAME ? { url: import.meta.url, shortCircuit: true } : next(specifier, context),
  });
} else {
  Bun.plugin({ name: NAME, setup: (build) => build.module(NAME, () => ({ exports: { connect }, loader: "object" })) });
}
