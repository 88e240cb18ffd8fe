/** Runs the network contract against the host in memory, on every runtime: it has to be as good as the real ones. */
import { type IpAddress, parseIpAddress } from "../../core/ip_address.ts";
import type { ByteLink } from "../../net/port.ts";
import { MemoryNetwork } from "../../runtime/memory/net.ts";
import type { ContractHost, ContractServer, ContractService } from "./contract_host.ts";
import { netContract } from "./net_contract.ts";

const LOOPBACK = parseIpAddress("127.0.0.1") as IpAddress;
let nextPort = 10_000;

function memoryHost(): ContractHost {
  const net = new MemoryNetwork();
  return {
    net,
    traits: { realSockets: false, writesAfterCloseNotify: true },
    listen: (service) => Promise.resolve(serve(net, service)),
  };
}

function serve(net: MemoryNetwork, service: ContractService): ContractServer {
  const links = new Set<ByteLink>();
  const port = nextPort++;
  const at = { address: LOOPBACK.text, port };
  net.listen(at, (link) => {
    links.add(link);
    return service(link);
  });
  return {
    address: LOOPBACK,
    port,
    stop(): Promise<void> {
      net.unlisten(at);
      for (const link of links) link.reset();
      return Promise.resolve();
    },
  };
}

netContract("memory", memoryHost, { connectNotCancellable: false, keepAliveDelayIgnored: false, resetSendsFin: false });
