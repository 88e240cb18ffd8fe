/** Raw Sockets on the network in memory, with an operator's pins and somebody who answers questions about keys. */
import { createHash } from "node:crypto";
import type { ManualClock } from "../../core/manual_clock.ts";
import type { NetContext } from "../../net/context.ts";
import { createEngineHost } from "../../net/engine/engine_host.ts";
import { createRawSockets, type NavigatorRawSockets } from "../../net/faces/raw_sockets/mod.ts";
import type { ByteLink } from "../../net/port.ts";
import { KeyKeeper } from "../../permissions/pins/key_keeper.ts";
import { keyQuestion } from "../../permissions/pins/key_question.ts";
import { PinStore } from "../../permissions/pins/pin_store.ts";
import type { Answer, Question } from "../../permissions/prompter.ts";
import { type MemoryIdentity, memoryTlsServer } from "../../runtime/memory/memory_tls.ts";
import { MemoryNetwork } from "../../runtime/memory/net.ts";
import { brokerFixture, ONCE, REQUESTER } from "./broker_fixture.ts";
import { MemoryRecordDirectory } from "./memory_record_directory.ts";

/** Where the server of the fixture is. */
export const ADDRESS = "93.184.215.14";

/** How the operator and the network are. */
export interface KeyFixtureOptions {
  /** Answers to questions about keys, in order; without one there is no terminal. */
  readonly answers?: readonly Answer[];
  /** Rules given at launch; without any every destination is approved by a question. */
  readonly allow?: readonly string[];
}

/** The network, and what happened on it. */
export class KeyFixture {
  readonly network: MemoryNetwork = new MemoryNetwork();
  readonly clock: ManualClock;
  readonly records: MemoryRecordDirectory;
  readonly store: PinStore;
  readonly navigator: NavigatorRawSockets;
  /** What the face works with. */
  readonly context: NetContext;
  /** Questions about keys. */
  readonly questions: Question[] = [];
  /** Lines that the operator was told. */
  readonly reports: string[] = [];
  /** What servers have read from programs. */
  heard = "";
  /** What is done while a question stands. */
  meanwhile: () => void | Promise<void> = () => {};

  /** @param options How the operator is. */
  constructor(options: KeyFixtureOptions = {}) {
    const { answers = [], allow = [] } = options;
    const left = [...answers];
    const { broker, clock } = brokerFixture(allow.length > 0 ? [] : Array.from({ length: 9 }, () => ONCE), { allow });
    this.clock = clock;
    this.records = new MemoryRecordDirectory(clock);
    this.store = new PinStore(this.records, clock);
    const report = (line: string): void => void this.reports.push(line);
    const keys = new KeyKeeper({
      store: this.store,
      report,
      ask: async (grant, facts, { remembers }) => {
        this.questions.push(keyQuestion(grant, facts, { number: 1, remembers, preapprove: () => null }));
        await this.meanwhile();
        return left.shift() ?? { kind: "deny", reason: "no-terminal" };
      },
    });
    this.context = {
      engine: createEngineHost(this.network, clock),
      broker,
      requester: REQUESTER,
      lifetimes: null,
      claim: null,
      keys,
      report,
    };
    this.navigator = createRawSockets(() => Promise.resolve(this.context));
    this.network.addName("iot.example", ADDRESS);
  }

  /**
   * Serves TLS at a port: greets with `ready`, and hears.
   *
   * @param identity Who the server is.
   * @param dialogue What is read and written before TLS.
   */
  serve(identity: MemoryIdentity, dialogue?: (link: ByteLink) => Promise<void>): void {
    this.network.listen({ address: ADDRESS, port: 8883 }, async (link) => {
      await dialogue?.(link);
      const secure = await memoryTlsServer(link, identity);
      await secure.write(new TextEncoder().encode("ready"));
      for (let chunk = await secure.readChunk(); chunk !== null; chunk = await secure.readChunk()) {
        this.heard += new TextDecoder().decode(chunk);
      }
    });
  }
}

/** The key of a server in memory. */
export function memoryKey({ names, authority, expired = false }: MemoryIdentity): string {
  return createHash("sha256").update(JSON.stringify({ names, authority, expired })).digest("hex");
}
