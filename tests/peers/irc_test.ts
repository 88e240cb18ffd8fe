import assert from "node:assert/strict";
import { startIrcServer } from "../support/irc_server.ts";
import { peerSuite } from "./peer_suite.ts";
import { startExample } from "./run_example.ts";
import { testUseCase, type UseCase } from "./use_case_table.ts";

const test = await peerSuite(["ngircd"], async (stack, { pki }) => ({
  irc: stack.use(await startIrcServer(pki.server)),
}));

const CHATS: UseCase = { name: "IRC", shows: "registers, joins, and exchanges messages with another client" };
testUseCase(test, CHATS, async (runtime, { irc }) => {
  const allow = `localhost:${irc.port}`;
  const url = (nick: string): string => `irc://${nick}@localhost:${irc.port}/#room-${runtime}`;
  await using ada = await startExample(runtime, ["irc", url(`ada_${runtime}`)], { allow });
  await using bob = await startExample(runtime, ["irc", url(`bob_${runtime}`)], { allow });
  await Promise.all([ada.expect(/You are in #room/), bob.expect(/You are in #room/)]);
  ada.send("one: two\nand :three\n");
  await bob.expect(new RegExp(`^<ada_${runtime}> one: two\n<ada_${runtime}> and :three$`, "m"));
  bob.send("four\n");
  await ada.expect(new RegExp(`^<bob_${runtime}> four$`, "m"));
  const ends = await Promise.all([ada.result(), bob.result()]);
  assert.deepEqual(ends.map(({ status }) => status), [0, 0], ends.map(({ stderr }) => stderr).join("\n"));
  await irc.process.waitForLog(new RegExp(`User "ada_${runtime}!.*Got QUIT command`));
});

const TLS: UseCase = { name: "IRC", shows: "talks over TLS with a client that does not, and hears of a taken nick" };
testUseCase(test, TLS, async (runtime, { irc, caFile }) => {
  const nick = `eve_${runtime}`;
  const room = `#tls-${runtime}`;
  const options = { allow: `localhost:${irc.tlsPort},localhost:${irc.port}`, env: { IRC_CA: caFile } };
  const secure = `ircs://${nick}@localhost:${irc.tlsPort}/${room}`;
  await using eve = await startExample(runtime, ["irc", secure], options);
  await eve.expect(/You are in #tls/);
  await using dan = await startExample(runtime, ["irc", `irc://dan_${runtime}@localhost:${irc.port}/${room}`], options);
  await dan.expect(/You are in #tls/);
  eve.send("h\xc3\xa9llo\n");
  await dan.expect(new RegExp(`^<${nick}> h\xc3\xa9llo$`, "m"));
  await using again = await startExample(runtime, ["irc", secure], options);
  assert.match((await again.result()).stderr, new RegExp(`^\\* ${nick} :Nickname already in use$`, "m"));
  assert.match((await eve.result()).stderr, /TLSv1\.[23], certificate for localhost checked by the program's own CA/);
});

const ENDS: UseCase = { name: "IRC", shows: "ends when the server goes" };
testUseCase(test, ENDS, async (runtime, { pki }) => {
  await using client = await (async () => {
    await using irc = await startIrcServer(pki.server);
    const url = `irc://ada@localhost:${irc.port}/#room`;
    const started = await startExample(runtime, ["irc", url], { allow: `localhost:${irc.port}` });
    await started.expect(/You are in #room/);
    return started;
  })();
  // Its standard input is still open.
  await assert.rejects(client.expect(/(?!)/), /the program has ended/);
  const { status, stderr } = await client.result();
  assert.equal(status, 0, stderr);
});
