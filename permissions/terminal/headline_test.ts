import assert from "node:assert/strict";
import { parseDestination } from "../../core/destination.ts";
import { test } from "../../tests/support/harness.ts";
import { requestFor } from "../../tests/support/test_grant.ts";
import { connectDescriptor, type Descriptor } from "../descriptor.ts";
import { riskOf } from "../risk.ts";
import { headlineText } from "./headline.ts";
import { startQuestion } from "./model.ts";
import { testQuestion } from "./test_question.ts";
import { drawQuestion } from "./view.ts";

function draw(descriptor: Descriptor): string {
  const question = { ...testQuestion(), descriptor, risk: riskOf(descriptor) };
  const canvas = { style: { color: false, ascii: false, plain: false }, columns: 80, rows: 24 };
  return drawQuestion(startQuestion(question, "kiwi"), canvas).replace(/\s+/g, " ");
}

function connectTo(text: string, extra: object): Descriptor {
  const destination = parseDestination(text);
  return connectDescriptor({ destination, port: destination.port, ...extra });
}

const via = { protocol: "socks5", destination: parseDestination("proxy.example:1080"), remoteDns: true } as const;

for (
  const [id, descriptor, ...parts] of [
    [
      "NET-22",
      requestFor("listen://0.0.0.0:8080"),
      "main.ts wants to accept connections at 0.0.0.0, port 8080",
      "every address of this computer",
      "Anyone who can reach this computer over the network can connect to it.",
      "NOT ENCRYPTED unless the program encrypts it.",
      "kiwi Yes, until the program closes it",
    ],
    [
      "NET-22",
      requestFor("listen://127.0.0.1:0"),
      "accept connections at 127.0.0.1, a port that the system picks.",
      "Other programs on this computer, and pages in a browser, can connect to it.",
    ],
    ["NET-27", requestFor("listen+udp://192.168.1.2:5683"), "receive datagrams at 192.168.1.2", "UDP port 5683"],
    [
      "NET-27",
      requestFor("multicast://239.1.1.1:5353"),
      "join the group 239.1.1.1",
      "Heard from anybody",
      "whoever sends to the group is heard",
    ],
    [
      "NET-28",
      requestFor("udp-peers://0.0.0.0:6881"),
      "exchange datagrams with any public address",
      "50 new ones a minute",
    ],
    [
      "NET-07",
      requestFor("udp://9.9.9.9:53"),
      "exchange datagrams with 9.9.9.9, port 53 (DNS).",
      "NOT ENCRYPTED",
      "UDP port 53",
    ],
    [
      "NET-27",
      connectTo("udp://255.255.255.255:9", { transport: "udp", broadcast: true }),
      "send datagrams to every device behind 255.255.255.255",
      "Every device on the network receives it.",
    ],
    [
      "NET-08",
      requestFor("unix:///run/x.sock"),
      "connect to /run/x.sock.",
      "Stays on this computer.",
      "another program of this computer",
    ],
    [
      "NET-26",
      connectTo("mail.example:25", { via }),
      "Through the SOCKS5 proxy proxy.example:1080",
      "The proxy looks the name up.",
      "The proxy decides which machine the name leads to.",
    ],
  ] as const
) {
  test(`${id} the question says in words what is wanted: ${parts[0]}`, () => {
    const text = draw(descriptor);
    for (const part of parts) assert.ok(text.includes(part), `${part} in: ${text}`);
  });
}

test("NET-13 CON-02 a library is named with the program that it is in", () => {
  const requester = {
    origin: "npm:mqtt",
    kind: "package",
    role: "library",
    inside: "file:///home/ann/sensor/main.ts",
  } as const;
  const state = startQuestion(testQuestion({ host: "broker.example", requester }), "word");
  assert.match(headlineText(state), /^npm:mqtt in main\.ts wants to connect to broker\.example/);
});
