/** A Worker's end of the connection to the main realm: questions that get one answer each. */
import { abortError, onAbort } from "../../core/abort.ts";
import { ParleyError } from "../../core/errors.ts";
import type { RealmPort } from "./realm_port.ts";
import { type ApprovalMessage, type MainMessage, refusalCode, type WorkerMessage } from "./worker_messages.ts";

type Question = Extract<WorkerMessage, { kind: "request" | "reconnect" }>;
/** A question without its number. */
export type Asked = Question extends infer Q ? Q extends Question ? Omit<Q, "id"> : never : never;

/** An approval. */
export interface Approved extends ApprovalMessage {
  /** Its number, which names the grant from then on. */
  readonly id: number;
}

/** Who is told of what was not asked for. */
export interface LinkEvents {
  /** A grant was taken back. */
  revoked(number: number): void;
  /** The main realm is gone. */
  closed(): void;
}

/** The connection. */
export class MainLink {
  readonly #port: RealmPort;
  readonly #waiting = new Map<
    number,
    { readonly resolve: (approval: ApprovalMessage) => void; readonly reject: (code: unknown) => void }
  >();
  readonly #features = new Set<string>();
  readonly #ready = Promise.withResolvers<void>();
  #count = 0;
  #closed = false;

  /**
   * @param port The connection.
   * @param events Who is told of revocation and of the end.
   */
  constructor(port: RealmPort, events: LinkEvents) {
    this.#port = port;
    // What was delegated is the first thing that is said.
    void this.#ready.promise.then(port.hold());
    port.listen((message) => this.#receive(message, events), () => {
      this.#closed = true;
      this.#ready.resolve();
      for (const { reject } of [...this.#waiting.values()]) reject("PERM_CONTEXT");
      events.closed();
    });
  }

  /** Settles once the main realm has said what it delegated, or is gone. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** What was delegated, as far as the main realm has said. */
  get features(): ReadonlySet<string> {
    return this.#features;
  }

  /**
   * Asks, and waits for the answer.
   *
   * @param asked The question.
   * @param signal Withdraws it.
   * @throws {ParleyError} with the code of the refusal, or for the signal's reason.
   */
  async ask(asked: Asked, signal: AbortSignal): Promise<Approved> {
    if (signal.aborted) throw abortError(signal.reason);
    if (this.#closed) throw refused("PERM_CONTEXT");
    const id = ++this.#count;
    const release = this.#port.hold();
    let stop = (): void => {};
    try {
      const approval = await new Promise<ApprovalMessage>((resolve, reject) => {
        this.#waiting.set(id, { resolve, reject: (code) => reject(refused(code)) });
        stop = onAbort(signal, () => {
          this.#port.post({ kind: "withdraw", id } satisfies WorkerMessage);
          reject(abortError(signal.reason));
        });
        this.#port.post({ ...asked, id } as WorkerMessage);
      });
      return { id, ...approval };
    } finally {
      stop();
      this.#waiting.delete(id);
      release();
    }
  }

  /** Says that nothing uses a grant any more. */
  release(grant: number): void {
    this.#port.post({ kind: "release", grant } satisfies WorkerMessage);
  }

  #receive(message: unknown, events: LinkEvents): void {
    const said = message as MainMessage | null;
    switch (said?.kind) {
      case "features":
        for (const feature of said.features) this.#features.add(feature);
        return this.#ready.resolve();
      case "approved": {
        const waiting = this.#waiting.get(said.id);
        // Withdrawn in the meantime: nobody will use it.
        if (waiting === undefined) this.release(said.id);
        else waiting.resolve(said.approval);
        return;
      }
      case "refused":
        return this.#waiting.get(said.id)?.reject(said.code);
      case "revoked":
        return events.revoked(said.grant);
    }
  }
}

function refused(code: unknown): ParleyError {
  return new ParleyError(refusalCode(code), "Cannot connect: refused in the main realm");
}
