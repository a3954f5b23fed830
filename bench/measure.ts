import { readFileSync } from 'node:fs';

/** One that was run. */
export interface Done {
  readonly workflowId: string;
  /** None when it was not traced. */
  readonly traceId?: string;
}

/** Something to be measured. */
export interface Subject {
  readonly name: string;
  /** Runs one; resolves once its outcome is known. */
  readonly run: () => Promise<Done>;
  /** Ids of the processes whose CPU it uses, besides the server's, by name. */
  readonly processes: Readonly<Record<string, number>>;
}

/** One round of one subject. */
export interface Round {
  /** One at a time, ms. */
  readonly p50: number;
  readonly p99: number;
  /** Many at a time. */
  readonly perSecond: number;
  readonly busyP50: number;
  readonly busyP99: number;
  /** CPU ms an order: of its own processes together, of each, and of the server. */
  readonly ownCpuMs: number;
  readonly cpuMsOf: Readonly<Record<string, number>>;
  readonly serverCpuMs: number;
}

export interface Sizes {
  readonly alone: number;
  readonly busy: number;
  readonly parallel: number;
}

export async function measure(subject: Subject, serverPid: number, sizes: Sizes): Promise<Round> {
  const alone = await timed(subject, sizes.alone, 1);
  const processes = Object.entries({ ...subject.processes, server: serverPid });
  const before = processes.map(([, pid]) => cpuMs(pid));
  const started = performance.now();
  const busy = await timed(subject, sizes.busy, sizes.parallel);
  const seconds = (performance.now() - started) / 1000;
  const used = processes.map(([name, pid], index): [string, number] => [
    name,
    (cpuMs(pid) - (before[index] ?? 0)) / sizes.busy,
  ]);
  const { server = 0, ...cpuMsOf } = Object.fromEntries(used);
  return {
    p50: percentile(alone, 0.5),
    p99: percentile(alone, 0.99),
    perSecond: sizes.busy / seconds,
    busyP50: percentile(busy, 0.5),
    busyP99: percentile(busy, 0.99),
    ownCpuMs: Object.values(cpuMsOf).reduce((sum, ms) => sum + ms, 0),
    cpuMsOf,
    serverCpuMs: server,
  };
}

async function timed({ run }: Subject, count: number, parallel: number): Promise<number[]> {
  const latencies: number[] = [];
  await inParallel(count, parallel, async () => {
    const from = performance.now();
    await run();
    latencies.push(performance.now() - from);
  });
  return latencies;
}

/** Does the work `count` times, `parallel` at a time. */
export async function inParallel(
  count: number,
  parallel: number,
  work: () => Promise<unknown>,
): Promise<void> {
  let left = count;
  const lane = async () => {
    while (left-- > 0) await work();
  };
  await Promise.all(Array.from({ length: parallel }, lane));
}

/** The value below which that share of the values is. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

export const median = (values: readonly number[]) => percentile(values, 0.5);

/** User and system time since the process began (Linux: in ticks of 10 ms). */
function cpuMs(pid: number): number {
  // Behind the command, which may have spaces and parentheses.
  const [, fields = ''] = /\) (.*)$/.exec(readFileSync(`/proc/${String(pid)}/stat`, 'utf8').trim()) ?? [];
  const all = fields.split(' ');
  return 10 * (Number(all[11]) + Number(all[12]));
}
