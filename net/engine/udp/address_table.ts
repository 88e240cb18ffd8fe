/** What is known by address and port, found without making a key of the two: the lookup of every datagram. */

/** Where an entry stands. */
export interface TableKey {
  /** Address or name. */
  readonly address: string;
  /** Port. */
  readonly port: number;
}

/** A table with an entry for each address and port. */
export class AddressTable<Value> {
  readonly #addresses = new Map<string, Map<number, Value>>();
  #size = 0;

  /** How many entries there are. */
  get size(): number {
    return this.#size;
  }

  /** The entry for an address and port. */
  get(address: string, port: number): Value | undefined {
    return this.#addresses.get(address)?.get(port);
  }

  /** Puts an entry in, or in the place of the one that is there. */
  set({ address, port }: TableKey, value: Value): void {
    let ports = this.#addresses.get(address);
    if (ports === undefined) this.#addresses.set(address, ports = new Map());
    if (!ports.has(port)) this.#size++;
    ports.set(port, value);
  }

  /** Takes an entry out. */
  delete(address: string, port: number): void {
    const ports = this.#addresses.get(address);
    if (ports === undefined || !ports.delete(port)) return;
    this.#size--;
    if (ports.size === 0) this.#addresses.delete(address);
  }

  /** All entries. */
  *values(): Generator<Value> {
    for (const ports of this.#addresses.values()) yield* ports.values();
  }
}

/** An {@linkcode AddressTable} of limited size: the entry that was put in first makes room for the newest. */
export class RecentTable<Value> {
  readonly #table = new AddressTable<Value>();
  readonly #capacity: number;
  /** The keys as they came, in a ring once the table is full. */
  readonly #order: TableKey[] = [];
  #oldest = 0;

  /** @param capacity Most entries, at least 1. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** How many entries there are. */
  get size(): number {
    return this.#table.size;
  }

  /** The entry for an address and port. */
  get(address: string, port: number): Value | undefined {
    return this.#table.get(address, port);
  }

  /** Puts an entry in, or in the place of the one that is there. */
  set({ address, port }: TableKey, value: Value): void {
    const key = { address, port };
    if (this.#table.get(address, port) === undefined) this.#enter(key);
    this.#table.set(key, value);
  }

  #enter(key: TableKey): void {
    if (this.#order.length < this.#capacity) {
      this.#order.push(key);
      return;
    }
    const { address, port } = this.#order[this.#oldest] as TableKey;
    this.#table.delete(address, port);
    this.#order[this.#oldest] = key;
    this.#oldest = (this.#oldest + 1) % this.#capacity;
  }
}
