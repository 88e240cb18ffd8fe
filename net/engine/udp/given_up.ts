/**
 * Where a program gave sending up, for datagrams that leave without a decision of their own: answers (NET-27), and those to
 * public peers (NET-28). Found out once for each place, and anew when something more was given up.
 */
import { makeDestination } from "../../../core/destination.ts";
import { isParleyError } from "../../../core/errors.ts";
import { canonicalHost } from "../../../core/host.ts";
import { connectDescriptor, type Descriptor } from "../../../permissions/descriptor.ts";
import { RecentTable } from "./address_table.ts";
import { MAX_SENDERS } from "./answer_budget.ts";

/** Who knows what was given up: the broker. */
export interface Restrictions {
  /** Whether the program gave a request up. */
  isRestricted(descriptor: Descriptor): boolean;
  /** Tells that more may have been given up; returns the way to stop it. */
  onChange(callback: () => void): () => void;
}

/** What was given up, as one bound socket sees it. */
export class GivenUp {
  readonly #restrictions: Restrictions;
  readonly #own: Descriptor;
  readonly #stop: () => void;
  #known = new RecentTable<boolean>(MAX_SENDERS);

  /**
   * @param restrictions Who knows.
   * @param own The socket's own request; with `udp-peers` given up, no new peer is served by it.
   */
  constructor(restrictions: Restrictions, own: Descriptor) {
    this.#restrictions = restrictions;
    this.#own = own;
    this.#stop = restrictions.onChange(() => this.#forget());
  }

  /** Whether sending there was given up. Allocates nothing for a place that was asked about before. */
  has(address: string, port: number): boolean {
    let known = this.#known.get(address, port);
    if (known === undefined) this.#known.set({ address, port }, known = this.#ask(address, port));
    return known;
  }

  /** The socket is over. */
  end(): void {
    this.#stop();
  }

  #forget(): void {
    if (this.#known.size > 0) this.#known = new RecentTable<boolean>(MAX_SENDERS);
  }

  #ask(address: string, port: number): boolean {
    if (this.#own.name === "udp-peers" && this.#restrictions.isRestricted(this.#own)) return true;
    try {
      const destination = makeDestination({ scheme: "udp", host: canonicalHost(address), port });
      return this.#restrictions.isRestricted(connectDescriptor({ transport: "udp", destination, port }));
    } catch (error) {
      // What is no destination is refused, with the reason, by whoever decides about it.
      if (isParleyError(error)) return false;
      throw error;
    }
  }
}
