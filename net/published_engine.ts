/** An engine's host whose open sockets `parley sockets` sees: shown from the first one on. */
import type { Clock } from "../core/clock.ts";
import type { EngineHost } from "./engine/engine_host.ts";
import { Inventory, type InventoryEntry } from "./engine/inventory.ts";
import { formatInventory, type InventoryFacts } from "./inventory_document.ts";
import type { InventoryExchange } from "./inventory_port.ts";
import type { NetBackend } from "./port.ts";

/** What is needed of the process's host. */
export interface PublishingHost {
  /** Which runtime. */
  readonly name: string;
  /** The network. */
  readonly net: NetBackend;
  /** Time. */
  readonly clock: Clock;
  /** How the process was started. */
  readonly launch: { readonly pid: number; readonly mainModule: string | null };
  /** Shows what is open. */
  readonly inventory: InventoryExchange;
}

/** A list of open sockets that is shown to others once there is one. */
class PublishedInventory extends Inventory {
  #publish: (() => void) | null;

  constructor(publish: (inventory: Inventory) => void) {
    super();
    this.#publish = () => publish(this);
  }

  override add(entry: InventoryEntry, openedAtMs: number): () => void {
    const takeOut = super.add(entry, openedAtMs);
    const publish = this.#publish;
    this.#publish = null;
    publish?.();
    return takeOut;
  }
}

/**
 * Puts an engine's host together.
 *
 * @param host The process's host.
 * @param program What the process calls itself; the URL of its main module by default.
 */
export function createPublishedEngine(
  host: PublishingHost,
  program: string | null = host.launch.mainModule,
): EngineHost {
  const { net, clock, name: runtime, launch: { pid } } = host;
  const inventory = new PublishedInventory((open) => {
    // Monotonic time of the machine's clock begins with the process.
    const startedAtMs = Math.round(clock.nowMs() - clock.monotonicMs());
    const facts: InventoryFacts = { pid, startedAtMs, runtime, program };
    host.inventory.publish(() => formatInventory(facts, open.snapshot()));
  });
  return Object.freeze({ net, clock, inventory });
}
