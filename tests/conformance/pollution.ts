/** Names on `Object.prototype`, where a careless reader of options would find them (CORE-01). */

/** Does something while names stand on `Object.prototype`. */
export async function withPollution<T>(names: Record<string, unknown>, body: () => Promise<T>): Promise<T> {
  const prototype = Object.prototype as unknown as Record<string, unknown>;
  Object.assign(prototype, names);
  try {
    return await body();
  } finally {
    for (const name of Object.keys(names)) delete prototype[name];
  }
}
