/** The contract's servers in the memory network. */
import { MemoryNetwork } from "../../runtime/memory/net.ts";
import type { ByteLink } from "../../net/port.ts";
import type { ContractHost } from "./contract_host.ts";
import { LOOPBACK } from "./node_host.ts";

/** A host of its own, with nothing in it but the servers that a test starts. */
export function memoryHost(): ContractHost {
  const net = new MemoryNetwork();
  let nextPort = 1000;
  return {
    net,
    traits: { realSockets: false, writesAfterCloseNotify: true, ipv6Multicast: true },
    listen: (service) => {
      const port = nextPort++;
      const at = { address: LOOPBACK.text, port };
      const open = new Set<ByteLink>();
      net.listen(at, (link) => {
        open.add(link);
        return service(link);
      });
      const stop = (): Promise<void> => {
        net.unlisten(at);
        for (const link of open) link.close();
        return Promise.resolve();
      };
      return Promise.resolve({ address: LOOPBACK, port, stop });
    },
  };
}
