import assert from "node:assert/strict";
import { startEchoServer } from "../support/echo_server.ts";
import { eachRuntime } from "../support/each_runtime.ts";
import { type ProxyLogin, startHttpProxy, startSocksProxy } from "../support/proxy_servers.ts";
import { peerSuite } from "./peer_suite.ts";
import { assertFailed, assertWorked, runScript, startConnect } from "./run_client.ts";

const LOGIN: ProxyLogin = { username: "ann", password: "hunter2" };

const test = await peerSuite(["socat", "microsocks", "tinyproxy-bin"], async (stack) => ({
  echo: stack.use(await startEchoServer()),
  proxies: {
    socks5: { open: stack.use(await startSocksProxy()), closed: stack.use(await startSocksProxy(LOGIN)) },
    http: { open: stack.use(await startHttpProxy()), closed: stack.use(await startHttpProxy(LOGIN)) },
  },
}));

for (const protocol of ["socks5", "http"] as const) {
  test(`NET-26 bytes come back through a real ${protocol} proxy, from a script and from parley connect`, async (peers) => {
    const { echo, proxies } = peers;
    const { port } = proxies[protocol].open;
    await eachRuntime(async (runtime) => {
      const proxy = `${protocol}://localhost:${port}`;
      const allow = `localhost:${echo.port},localhost:${port}`;
      const { printed } = await runScript(runtime, ["echo_through", String(echo.port), JSON.stringify(proxy)], {
        allow,
      });
      assert.equal(assertWorked(printed), "over and back");
      const approved = ["--allow", `localhost:${echo.port}`, "--allow", `localhost:${port}`];
      await using cli = await startConnect(runtime, [`localhost:${echo.port}`, "--proxy", proxy, ...approved]);
      cli.send("from the command\n");
      await cli.expect(/^from the command$/m);
    });
  });

  test(`NET-26 a ${protocol} proxy that wants a login gets it, and a wrong or missing one is told in words`, async (peers) => {
    const { echo, proxies } = peers;
    const { port } = proxies[protocol].closed;
    await eachRuntime(async (runtime) => {
      const run = async (login: Partial<ProxyLogin>): ReturnType<typeof runScript> => {
        const proxy = { protocol, host: "localhost", port, ...login };
        const allow = `localhost:${echo.port},localhost:${port}`;
        return await runScript(runtime, ["echo_through", String(echo.port), JSON.stringify(proxy)], { allow });
      };
      const good = await run(LOGIN);
      assert.equal(assertWorked(good.printed), "over and back");
      for (const bad of [{}, { ...LOGIN, password: "wrong" }]) {
        const { printed, stderr } = await run(bad);
        assertFailed(printed, ["NET_PROXY"]);
        assert.doesNotMatch(stderr, /hunter2|wrong/);
      }
    });
  });

  test(`NET-26 CON-12 with the proxy approved and not the target, or the other way round, no ${protocol} request is made`, async (peers) => {
    const { echo, proxies } = peers;
    const { port, process } = proxies[protocol].open;
    const before = process.log();
    await eachRuntime(async (runtime) => {
      for (const allow of [`localhost:${echo.port}`, `localhost:${port}`]) {
        const proxy = `${protocol}://localhost:${port}`;
        const { printed } = await runScript(runtime, ["echo_through", String(echo.port), JSON.stringify(proxy)], {
          allow,
        });
        assertFailed(printed, null);
      }
    });
    assert.equal(process.log(), before);
  });
}
