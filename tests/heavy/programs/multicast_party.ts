/**
 * One of two machines on a link. Arguments: `hear` or `speak`, the interface, and for `hear` the address of the speaker. The
 * hearer prints a record when it has joined, leaves one group when told to, and in the end prints what it heard.
 */
import process from "node:process";
import { bindUDPSocket } from "../../../net/mod.ts";

const [role = "", networkInterface = "", speaker = ""] = process.argv.slice(2);
const PORT = 5000;
const ANY = "239.1.2.3";
const LEFT = "239.1.2.4";
const NEVER = "239.1.2.5";
const FROM_SPEAKER = "232.1.2.3";
const FROM_OTHER = "232.1.2.4";
const lines = process.stdin.setEncoding("utf8")[Symbol.asyncIterator]();

if (role === "hear") await hear();
else await speak();
process.exit(0);

async function hear(): Promise<void> {
  await using socket = await bindUDPSocket({ localAddress: "0.0.0.0", localPort: PORT });
  const options = { interface: networkInterface };
  await socket.joinGroup(ANY, options);
  await socket.joinGroup(LEFT, options);
  await socket.joinGroup(FROM_SPEAKER, { ...options, sourceAddress: speaker });
  await socket.joinGroup(FROM_OTHER, { ...options, sourceAddress: "203.0.114.9" });
  await socket.leaveGroup(LEFT, options);
  print({ is: "joined", groups: socket.joinedGroups.length });
  const heard: string[] = [];
  for await (const { data, remoteAddress } of socket) {
    const text = new TextDecoder().decode(data);
    heard.push(`${text} from ${remoteAddress}`);
    if (text === "end") break;
  }
  print({ is: "heard", heard });
}

async function speak(): Promise<void> {
  await using socket = await bindUDPSocket({ localAddress: "0.0.0.0", multicastInterface: networkInterface });
  print({ is: "ready" });
  await lines.next();
  const say = (text: string, group: string): Promise<void> =>
    socket.send(new TextEncoder().encode(text), { remoteAddress: group, remotePort: PORT });
  await say("never", NEVER);
  await say("left", LEFT);
  await say("other source", FROM_OTHER);
  await say("any source", ANY);
  await say("this source", FROM_SPEAKER);
  await say("end", ANY);
  print({ is: "said" });
}

function print(record: object): void {
  process.stdout.write(`${JSON.stringify(record)}\n`);
}
