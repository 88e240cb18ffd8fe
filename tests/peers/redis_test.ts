import assert from "node:assert/strict";
import { REDIS_PASSWORD, startRedisServer } from "../support/redis_server.ts";
import { peerSuite } from "./peer_suite.ts";
import { runExample } from "./run_example.ts";
import { testUseCase } from "./use_case_table.ts";

const test = await peerSuite(["redis-server"], async (stack) => ({ redis: stack.use(await startRedisServer()) }));

const COUNTS = { name: "Redis", shows: "logs in and counts" };
testUseCase(test, COUNTS, async (runtime, { redis }) => {
  const key = `visits ${runtime}`;
  assert.equal(await redis.ask("SET", key, "41"), "OK");
  const url = `redis://:${REDIS_PASSWORD}@localhost:${redis.port}`;
  const { status, stdout, stderr } = await runExample(runtime, ["redis", url, key], {
    allow: `localhost:${redis.port}`,
  });
  assert.equal(status, 0, stderr);
  assert.equal(stdout, "42\n");
  assert.equal(await redis.ask("GET", key), "42");
});

const ENDS = { name: "Redis", shows: "asks once, and ends when it is refused" };
testUseCase(test, ENDS, async (runtime, { redis }) => {
  const { status, stdout, stderr } = await runExample(runtime, ["redis", `redis://localhost:${redis.port}`], {
    allow: "",
  });
  assert.notEqual(status, 0);
  assert.equal(stdout, "");
  assert.equal(stderr.split("parley: refused").length - 1, 1, stderr);
});
