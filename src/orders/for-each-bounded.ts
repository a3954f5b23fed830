/** At most so many requests of Temporal at a time. */
const CONCURRENCY = 20;

/** `work` on each of `inputs`, a bounded number at a time. */
export async function forEachBounded<T>(
  inputs: Iterable<T>,
  work: (input: T) => Promise<void>,
  concurrency: number = CONCURRENCY,
): Promise<void> {
  const queue = inputs[Symbol.iterator]();
  const lane = async () => {
    for (let next = queue.next(); next.done !== true; next = queue.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
}
