import { readFile } from 'node:fs/promises';

/** What was asked of one operation. */
export interface FuzzedOperation {
  requests: number;
  /** Whether what was sent was `positive` (as the document allows) or `negative`. */
  readonly modes: Set<string>;
  readonly statuses: Set<number>;
}

export interface FuzzResults {
  readonly requests: number;
  /** By method and path template. */
  readonly operations: ReadonlyMap<string, FuzzedOperation>;
  /** Names of the checks that answers were held to. */
  readonly checks: ReadonlySet<string>;
  readonly phases: ReadonlySet<string>;
}

export interface FuzzReport extends FuzzResults {
  /** No answer failed a check, and no request failed. */
  readonly passed: boolean;
  /** In schemathesis's own words, with the `curl` line of each failure. */
  readonly output: string;
}

/** One line of schemathesis's NDJSON report, as far as it is read here. */
interface ReportLine {
  readonly ScenarioFinished?: {
    readonly phase: string;
    readonly recorder: {
      readonly cases?: Readonly<Record<string, { readonly value: FuzzCase }>>;
      readonly checks?: Readonly<Record<string, readonly { readonly name: string }[]>>;
      readonly interactions?: Readonly<
        Record<string, { readonly response?: { readonly status_code: number } | null }>
      >;
    };
  };
}
interface FuzzCase {
  readonly method: string;
  readonly path: string;
  readonly meta?: { readonly generation: { readonly mode: string } };
}

/** Adds up the scenarios of a report. */
export async function readFuzzReport(file: string): Promise<FuzzResults> {
  const operations = new Map<string, FuzzedOperation>();
  const checks = new Set<string>();
  const phases = new Set<string>();
  let requests = 0;
  for (const line of (await readFile(file, 'utf8')).trimEnd().split('\n')) {
    const scenario = (JSON.parse(line) as ReportLine).ScenarioFinished;
    if (scenario === undefined) continue;
    const { cases = {}, interactions = {} } = scenario.recorder;
    for (const { name } of Object.values(scenario.recorder.checks ?? {}).flat()) checks.add(name);
    for (const [id, { response }] of Object.entries(interactions)) {
      requests++;
      phases.add(scenario.phase);
      const asked = cases[id]?.value;
      if (asked === undefined) continue;
      const key = `${asked.method} ${asked.path}`;
      const operation = operations.get(key) ?? { requests: 0, modes: new Set(), statuses: new Set() };
      operations.set(key, operation);
      operation.requests++;
      if (asked.meta !== undefined) operation.modes.add(asked.meta.generation.mode);
      if (response) operation.statuses.add(response.status_code);
    }
  }
  return { requests, operations, checks, phases };
}
