/** A CoAP device by `coap-server` of libcoap. */
import { ServerProcess } from "./server_process.ts";
import { onFreeUdpPort, type UdpServer, untilBound } from "./udp_port.ts";

/**
 * Starts a device on 127.0.0.1. Its `/time` can be observed and changes each second; it logs every message.
 */
export function startCoapServer(): Promise<UdpServer> {
  return onFreeUdpPort(async (port) => {
    const { server } = await ServerProcess.start({
      name: "coap-server",
      command: "/usr/bin/coap-server-notls",
      args: ["-A", "127.0.0.1", "-p", String(port), "-v", "7"],
      ready: /created UDP +endpoint/,
    });
    await untilBound(server, port);
    return { port, process: server, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
  });
}
