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

/** One at a time, ms. */
export interface Alone {
  readonly p50: number;
  readonly p99: number;
}

/** Many at a time. */
export interface Busy {
  readonly perSecond: number;
  readonly busyP50: number;
  readonly busyP99: number;
  /** CPU ms an order: of its own processes together, of each, and of the server. */
  readonly ownCpuMs: number;
  readonly cpuMsOf: Readonly<Record<string, number>>;
  readonly serverCpuMs: number;
}

/** One round of one subject. */
export type Round = Alone & Busy;

/** `count` of each subject, one at a time, in turn: whatever the machine does meanwhile befalls all. */
export async function measureAlone<S extends Subject>(
  subjects: readonly S[],
  count: number,
): Promise<ReadonlyMap<S, Alone>> {
  const latencies = new Map<S, number[]>(subjects.map((subject) => [subject, []]));
  for (let index = 0; index < count; index++) {
    for (const [subject, all] of latencies) all.push(await timed(subject));
  }
  return new Map(
    [...latencies].map(([subject, all]) => [
      subject,
      { p50: percentile(all, 0.5), p99: percentile(all, 0.99) },
    ]),
  );
}

export async function measureBusy(
  subject: Subject,
  serverPid: number,
  { busy, parallel }: { readonly busy: number; readonly parallel: number },
): Promise<Busy> {
  const processes = Object.entries({ ...subject.processes, server: serverPid });
  const before = processes.map(([, pid]) => cpuMs(pid));
  const started = performance.now();
  const latencies: number[] = [];
  await inParallel(busy, parallel, async () => {
    latencies.push(await timed(subject));
  });
  const seconds = (performance.now() - started) / 1000;
  const used = processes.map(([name, pid], index): [string, number] => [
    name,
    (cpuMs(pid) - (before[index] ?? 0)) / busy,
  ]);
  const { server = 0, ...cpuMsOf } = Object.fromEntries(used);
  return {
    perSecond: busy / seconds,
    busyP50: percentile(latencies, 0.5),
    busyP99: percentile(latencies, 0.99),
    ownCpuMs: Object.values(cpuMsOf).reduce((sum, ms) => sum + ms, 0),
    cpuMsOf,
    serverCpuMs: server,
  };
}

async function timed({ run }: Subject): Promise<number> {
  const from = performance.now();
  await run();
  return performance.now() - from;
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
