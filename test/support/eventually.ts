import { setTimeout as delay } from 'node:timers/promises';

/** The first value of `probe` that `accept` takes; fails with the last one when none comes in time. */
export async function eventually<T>(
  probe: () => Promise<T> | T,
  accept: (value: T) => boolean,
  what: string,
  limitMs = 60_000,
): Promise<T> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const value = await probe();
    if (accept(value)) return value;
    if (Date.now() > deadline) throw new Error(`${what}: not so in time; last: ${JSON.stringify(value)}`);
    await delay(50);
  }
}
