/** A name server by `dnsmasq`, over UDP and TCP. */
import { untilListening } from "./listening.ts";
import { ServerProcess } from "./server_process.ts";
import { onFreeUdpPort, type UdpServer, untilBound } from "./udp_port.ts";

/** Texts of the record of `long.test`, too long for a datagram. */
export const LONG_TEXTS: readonly string[] = Object.freeze(
  Array.from({ length: 12 }, (_, index) => `${index}:${"x".repeat(80)}`),
);

/** Starts a name server on 127.0.0.1 that knows `nas.test`, `mail.test` and `long.test`. It logs every question. */
export function startNameServer(): Promise<UdpServer> {
  const records = [
    "--host-record=nas.test,192.0.2.7,2001:db8::7",
    "--mx-host=mail.test,mx.mail.test,10",
    `--txt-record=long.test,${LONG_TEXTS.join(",")}`,
    "--address=/absent.test/",
  ];
  return onFreeUdpPort(async (port) => {
    const { server } = await ServerProcess.start({
      name: "dnsmasq",
      command: "/usr/sbin/dnsmasq",
      args: [
        ...["--keep-in-foreground", "--conf-file=/dev/null", "--pid-file=", "--no-resolv", "--no-hosts", "--user="],
        ...["--log-queries", "--log-facility=-", "--listen-address=127.0.0.1", "--bind-interfaces", `--port=${port}`],
        ...records,
      ],
      ready: /started, version/,
    });
    await untilBound(server, port);
    await untilListening(port);
    return { port, process: server, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
  });
}
