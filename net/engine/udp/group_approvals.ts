/** NET-27: a multicast group is a destination; joining it and sending to it are one request, asked once for each socket. */
import { isParleyError } from "../../../core/errors.ts";
import { makeDestination } from "../../../core/destination.ts";
import { hostOfAddress } from "../../../core/host.ts";
import type { IpAddress } from "../../../core/ip_address.ts";
import type { Descriptor } from "../../../permissions/descriptor.ts";
import type { Grant } from "../../../permissions/grant.ts";
import { limitError } from "./limit_error.ts";
import { addressText } from "./peer.ts";

/** Most groups, approved or refused, that one socket remembers. */
const MAX_GROUPS = 256;

/** A group, a port, and the one sender to be heard or null. */
export interface GroupRequest {
  /** The group. */
  readonly group: IpAddress;
  /** The port. */
  readonly port: number;
  /** The sender, or null for any. */
  readonly source: IpAddress | null;
}

/** The decisions about groups, for one socket. */
export class GroupApprovals {
  readonly #ask: (descriptor: Descriptor) => Promise<Grant>;
  /** By group and port, then by source; refusals stay, too. */
  readonly #decisions = new Map<string, Map<string, Promise<Grant>>>();
  #count = 0;

  /** @param ask Asks for an approval, and spends it. */
  constructor(ask: (descriptor: Descriptor) => Promise<Grant>) {
    this.#ask = ask;
  }

  /**
   * The approval to join: one for the source, or one for any source.
   *
   * @throws {ParleyError} with a `PERM_` code, or `NET_LIMIT` for too many groups.
   */
  async toJoin(request: GroupRequest): Promise<Grant> {
    const decisions = this.#decisionsOn(request);
    const source = sourceKey(request);
    return await (decisions.get("") ?? decisions.get(source) ?? this.#decide(decisions, request));
  }

  /**
   * The approval to send: any that was given for the group and the port.
   *
   * @throws {ParleyError} with a `PERM_` code, or `NET_LIMIT` for too many groups.
   */
  async toSend(group: IpAddress, port: number): Promise<Grant> {
    const request = { group, port, source: null };
    const decisions = this.#decisionsOn(request);
    for (const decision of decisions.values()) {
      const grant = await decision.catch(() => null);
      if (grant !== null && !grant.signal.aborted) return grant;
    }
    return await (decisions.get("") ?? this.#decide(decisions, request));
  }

  #decisionsOn(request: GroupRequest): Map<string, Promise<Grant>> {
    const key = `${addressText(request.group)} ${request.port}`;
    let decisions = this.#decisions.get(key);
    if (decisions === undefined) this.#decisions.set(key, decisions = new Map());
    return decisions;
  }

  async #decide(decisions: Map<string, Promise<Grant>>, request: GroupRequest): Promise<Grant> {
    if (this.#count >= MAX_GROUPS) throw limitError("groups", `Cannot use the group: there are ${MAX_GROUPS} already`);
    const key = sourceKey(request);
    const decision = this.#ask(descriptorFor(request)).then((grant) => {
      grant.vet([request.group]);
      return grant;
    });
    this.#count++;
    decisions.set(key, decision);
    try {
      return await decision;
    } catch (error) {
      // A refusal holds for the socket; what failed for another reason may be tried again.
      if (!isParleyError(error) || !error.code.startsWith("PERM_")) {
        decisions.delete(key);
        this.#count--;
      }
      throw error;
    }
  }
}

function sourceKey({ source }: GroupRequest): string {
  return source === null ? "" : addressText(source);
}

function descriptorFor({ group, port, source }: GroupRequest): Descriptor {
  return Object.freeze({
    __proto__: null,
    name: "direct-sockets-multicast",
    transport: "udp",
    destination: makeDestination({ scheme: "multicast", host: hostOfAddress(group), port }),
    port,
    source: source === null ? null : addressText(source),
    tls: null,
  }) as Descriptor;
}
