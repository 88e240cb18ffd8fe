import assert from "node:assert/strict";
import { Permissions, PermissionStatus } from "../../permissions/api/mod.ts";
import { createTestHost } from "../../testing.ts";
import { test } from "../support/harness.ts";
import { readIdl } from "./idl_model.ts";
import { type Extensions, interfaceDifferences } from "./interface_check.ts";

const model = await readIdl("permissions");

const PERMISSIONS: Extensions = new Map<string | symbol, string>([
  ["request", "as Deno has it, and the Community Group's draft"],
  ["revoke", "as Deno has it, and the Community Group's draft"],
]);

const STATUS: Extensions = new Map<string | symbol, string>([
  ["addEventListener", "of EventTarget: a status with a listener is kept alive"],
  ["removeEventListener", "of EventTarget"],
]);

test("CON-13 Permissions is the interface of the standard", async () => {
  const { permissions } = createTestHost();
  const idl = model.interfaces.get("Permissions");
  assert.ok(idl);
  const subject = { Class: Permissions, instance: permissions, extensions: PERMISSIONS };
  assert.deepEqual(await interfaceDifferences(idl, subject, model), []);
});

test("CON-13 PermissionStatus is the interface of the standard", async () => {
  const { permissions } = createTestHost();
  const instance = await permissions.query({ name: "direct-sockets" });
  const idl = model.interfaces.get("PermissionStatus");
  assert.ok(idl);
  const subject = { Class: PermissionStatus, instance, extensions: STATUS, parent: EventTarget };
  assert.deepEqual(await interfaceDifferences(idl, subject, model), []);
});
