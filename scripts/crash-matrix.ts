import { parseArgs } from 'node:util';
import { privateConfig } from '../src/stack/private-stack';
import { startTelemetry } from '../src/telemetry/start-telemetry';
import { startDevServer } from '../src/temporal/dev-server';
import { allCells, FAULTS } from '../test/chaos/cells';
import type { Cell } from '../test/chaos/cells';
import { CrashMatrix, MATRIX_SETTINGS } from '../test/chaos/crash-matrix';
import type { CellRun } from '../test/chaos/crash-matrix';
import { startProxies } from '../test/chaos/matrix-stack';
import { MOMENTS } from '../test/support/ambush-proxy';
import type { Moment } from '../test/support/ambush-proxy';
import { runScript, wholeNumber, withBundle } from './support/script';

const USAGE = `npm run chaos -- [--seeds 1] [--seed N] [--cell PART] [--lanes 1] [--json]

Every cell of the crash matrix (each step, compensation and TCC call x before the call, after the effect, after the
reply x worker SIGKILL, worker SIGTERM, service SIGKILL, service SIGSTOP, cancelled twice) with each seed; exit 1 when
anything did not hold.

  --seeds N    how many seeds, from --seed on
  --cell PART  only cells whose id contains it: tcc/confirm_payment, effect/service-SIGKILL, …
  --lanes N    stacks that share the cells among them
  --json       the runs as JSON instead of a table`;

const WHEN: Readonly<Record<Moment, string>> = {
  call: 'before the call',
  effect: 'after the effect, before the reply',
  reply: 'after the reply, before the ack',
};

const say = (line: string) => process.stderr.write(`${line}\n`);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '1' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      cell: { type: 'string', default: '' },
      lanes: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const cells = allCells().filter(({ id }) => id.includes(values.cell));
  if (cells.length === 0) throw new Error(`no cell's id contains '${values.cell}': ${USAGE}`);
  const first = wholeNumber(values.seed, USAGE);
  const seeds = Array.from({ length: wholeNumber(values.seeds, USAGE) }, (_, index) => first + index);
  const lanes = Math.min(wholeNumber(values.lanes, USAGE), cells.length);
  const started = performance.now();
  const runs = await withBundle((bundle) =>
    Promise.all(
      Array.from({ length: lanes }, (_, lane) =>
        runLane(
          cells.filter((_cell, index) => index % lanes === lane),
          seeds,
          bundle,
        ),
      ),
    ),
  );
  report(runs.flat(), { seeds, seconds: (performance.now() - started) / 1000, json: values.json });
}

/** A stack of its own that runs the cells with each seed. */
async function runLane(cells: readonly Cell[], seeds: readonly number[], bundle: string): Promise<CellRun[]> {
  const proxies = await startProxies();
  const own = await privateConfig({
    ...MATRIX_SETTINGS,
    ...proxies.settings,
    LOG_LEVEL: 'fatal',
    WORKFLOW_BUNDLE: bundle,
  });
  const { config } = own;
  proxies.aim(config.services);
  const server = await startDevServer({ config, onProgress: say, persistent: false });
  const environment = { ...own.environment, TEMPORAL_ADDRESS: server.address };
  const telemetry = startTelemetry({ service: 'orders-cli', config, environment: {} });
  try {
    const { tracer } = telemetry;
    const matrix = await CrashMatrix.start({ config, environment, tracer, proxies: proxies.proxies, say });
    try {
      const runs: CellRun[] = [];
      for (const seed of seeds) {
        say(`seed ${String(seed)}: ${String(cells.length)} cells`);
        runs.push(...(await matrix.run(cells, seed)));
      }
      return runs;
    } finally {
      await matrix.stop();
    }
  } finally {
    await telemetry.shutdown();
    await server.stop();
    await proxies.stop();
    await own.remove();
  }
}

interface Summary {
  readonly seeds: readonly number[];
  readonly seconds: number;
  readonly json: boolean;
}

function report(runs: readonly CellRun[], { seeds, seconds, json }: Summary): void {
  const failed = runs.filter(({ violations }) => violations.length > 0);
  if (json) process.stdout.write(`${JSON.stringify({ seeds, seconds, runs }, undefined, 2)}\n`);
  else process.stdout.write(`${tableOf(runs, { seeds, seconds })}\n`);
  for (const { cell, seed, violations } of failed) {
    say(`\n${cell.id}\n  ${violations.join('\n  ')}`);
    say(`  again: npm run chaos -- --cell ${cell.id} --seed ${String(seed)}`);
  }
  if (failed.length > 0) process.exitCode = 1;
}

/** As Markdown: docs/reliability.md has it. */
function tableOf(runs: readonly CellRun[], { seeds, seconds }: Omit<Summary, 'json'>): string {
  const rows = FAULTS.map((fault) => {
    const found = runs.filter(({ cell }) => cell.fault === fault);
    const cells = MOMENTS.map((moment) => {
      const there = found.filter(({ cell }) => cell.moment === moment);
      return `${String(new Set(there.map(({ cell }) => cell.id)).size)} cells, ${String(there.length)} runs`;
    });
    return [fault, ...cells, String(violationsOf(found))];
  });
  const head = ['fault', ...MOMENTS.map((moment) => WHEN[moment]), 'violations'];
  const lines = [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`);
  const cells = new Set(runs.map(({ cell }) => cell.id)).size;
  const total =
    `${String(cells)} cells, ${String(seeds.length)} seeds from ${String(seeds[0])}, ${String(runs.length)} runs, ` +
    `${String(violationsOf(runs))} violations, ${(seconds / 60).toFixed(1)} min`;
  return [...lines, '', total].join('\n');
}

function violationsOf(runs: readonly CellRun[]): number {
  return runs.reduce((sum, { violations }) => sum + violations.length, 0);
}

runScript(main);
