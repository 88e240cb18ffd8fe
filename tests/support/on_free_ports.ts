/** Servers that cannot pick a port by themselves, on one that was free a moment ago. */
import { freePort } from "./free_port.ts";

const ATTEMPTS = 5;
const TAKEN = /address already in use/i;

/**
 * Starts a server on free ports, and tries again with others when somebody was faster.
 *
 * @param count How many ports it needs.
 * @param start Starts it; fails with what the server said.
 */
export async function onFreePorts<T>(count: number, start: (...ports: readonly number[]) => Promise<T>): Promise<T> {
  for (let attempt = 1;; attempt++) {
    const ports = await Promise.all(Array.from({ length: count }, () => freePort()));
    try {
      return await start(...ports);
    } catch (error) {
      if (attempt === ATTEMPTS || !TAKEN.test(String(error))) throw error;
    }
  }
}
