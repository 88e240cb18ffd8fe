/** `parley demo`: the main job on one machine: a script asks, a person answers, mail goes out over an upgraded connection. */
import { escapeText } from "../../core/escape.ts";
import { ParleyError } from "../../core/errors.ts";
import { autoHost } from "../../runtime/auto.ts";
import { type Command, flagOption, type Invocation } from "../command.ts";
import { commandSockets } from "../context.ts";
import { createDemoAuthority } from "../demo/certificate_authority.ts";
import { type DeliveredMail, serveMail } from "../demo/mail_server.ts";
import { sendMail } from "../demo/send_mail.ts";
import { explain, SIGNAL_STATUS } from "../exit_codes.ts";
import type { Messages } from "../messages.ts";
import { createPaint, type Paint } from "../paint.ts";

/** The verb. */
export const demoCommand: Command = Object.freeze({
  name: "demo",
  summary: "See the main job: mail sent over a connection that you approve",
  usage: "demo [--yes]",
  description:
    "Starts a mail server on this machine with a certificate made for this run, and a script that wants to send a mail " +
    "through it. Parley asks you first. Nothing leaves this machine and nothing is written to disk.",
  options: Object.freeze<Command["options"]>({ yes: { type: "boolean" } }),
  help: [{ usage: "--yes", text: "Approve the demo's own server, and nothing else, without a question." }],
  examples: ["parley demo", "parley demo --yes --json"],
  run: runDemo,
});

const MAIL = [
  "From: A script <script@demo.invalid>",
  "To: You <you@demo.invalid>",
  "Subject: You said yes",
  "",
  "This mail went through a TCP connection that you approved,",
  "upgraded to TLS, its certificate checked, before a word of it was sent.",
].join("\n");

async function runDemo({ host, args, messages }: Invocation): Promise<number> {
  if (args.positionals.length > 0) throw new ParleyError("ARG_INVALID", "Cannot run the demo: it takes no arguments");
  const noColor = (await autoHost()).launch.env("NO_COLOR");
  const paint = createPaint(host.stderrIsTerminal && !noColor);
  const authority = await createDemoAuthority("localhost");
  const mails: DeliveredMail[] = [];
  const server = await host.listenLoopback((link) =>
    serveMail(link, {
      secure: (plain) => host.serveTls(plain, authority.server),
      onMail: (mail) => void mails.push(mail),
    })
  );
  const forget = host.onInterrupt((signal) => {
    // Nothing is worth waiting for: the demo keeps nothing.
    host.writeError("\n");
    server.close();
    host.exit(SIGNAL_STATUS[signal]);
  });
  try {
    introduce(messages, paint, server.port);
    const allow = flagOption(args, "yes") ? [`localhost:${server.port}`] : [];
    const sockets = commandSockets(messages, {
      verb: "demo",
      allow,
      preapproveBy: null,
      claim: "to deliver one mail to the demo's own server",
    });
    await sendMail(sockets, { port: server.port, ca: authority.ca, text: MAIL, onLine: transcript(messages, paint) });
    deliver(messages, paint, mails);
    return 0;
  } catch (error) {
    return conclude(messages, paint, error);
  } finally {
    forget();
    server.close();
  }
}

function introduce(messages: Messages, paint: Paint, port: number): void {
  messages.tell(
    { event: "started", port },
    [
      "",
      `  ${paint.strong("Parley demo")}  one mail, over a connection that you approve`,
      "",
      `  A mail server was started on this machine, on port ${port}. A script wants`,
      "  to send a mail through it, so it asks Parley for a connection.",
      "",
    ].join("\n"),
  );
}

function transcript(messages: Messages, paint: Paint): (mark: "<" | ">" | "*", line: string) => void {
  return (mark, line) => {
    const text = escapeText(line);
    const shown = mark === "*" ? paint.good(`  * ${text}`) : mark === "<" ? paint.faint(`  < ${text}`) : `  > ${text}`;
    messages.tell({ event: "line", mark, text: line }, shown);
  };
}

function deliver(messages: Messages, paint: Paint, mails: readonly DeliveredMail[]): void {
  for (const mail of mails) {
    const lines = mail.text.split("\n").map((line) => `  | ${escapeText(line)}`);
    messages.tell(
      { event: "delivered", ...mail },
      [
        "",
        `  ${paint.good(paint.strong("Delivered."))} What the server received:`,
        "",
        ...lines,
        "",
        `  ${paint.faint("Next: examples/ shows the ten lines of a script, parley connect --help a tool.")}`,
        "",
      ].join("\n"),
    );
  }
}

function conclude(messages: Messages, paint: Paint, error: unknown): number {
  const failure = explain(error);
  if (failure.code !== "PERM_DENIED") return messages.fail(error);
  messages.tell(
    { event: "refused" },
    [
      "",
      `  ${paint.strong("Refused.")} The script got a NotAllowedError. No packet was sent, and no mail.`,
      "",
      `  ${paint.faint("Run the demo again and type the word that it shows, or add --yes.")}`,
      "",
    ].join("\n"),
  );
  return failure.status;
}
