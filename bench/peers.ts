import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { runScript, wholeNumber } from '../scripts/support/script';
import { markdownTable } from './markdown';
import { dbos } from './peers/dbos/dbos';
import { dtm } from './peers/dtm/dtm';
import type { Peer, Row } from './peers/peer';
import type { Figures, Sizes } from './peers/phases';
import { restate } from './peers/restate/restate';
import { temporal } from './peers/temporal/temporal';

const PEERS: readonly Peer<string>[] = [temporal, restate, dbos, dtm];
const NAMES = PEERS.map(({ name }) => name).join(',');

const USAGE = `npm run bench:peers -- [--orders 600] [--alone 60] [--parallel 50] [--only ${NAMES}] [--json]

The same order (four steps that do nothing, each recorded) on this project and on its peers, one after the other on this
machine. Half as many orders again are refused at their last step and undone. What the peers are made of is installed
once, into this project's cache. Exit 1 when one fails, or has run other steps than it should have.`;

const say = (line: string) => process.stderr.write(`${line}\n`);

interface Failed {
  readonly name: string;
  /** Why there are no figures. */
  readonly reason: string;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      orders: { type: 'string', default: '600' },
      alone: { type: 'string', default: '60' },
      parallel: { type: 'string', default: '50' },
      only: { type: 'string', default: NAMES },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const orders = wholeNumber(values.orders, USAGE);
  const sizes = {
    warmUp: Math.min(100, orders),
    orders,
    alone: wholeNumber(values.alone, USAGE),
    compensated: Math.ceil(orders / 2),
    parallel: wholeNumber(values.parallel, USAGE),
  };
  const rows: (Row | Failed)[] = [];
  for (const peer of chosen(values.only)) rows.push(...(await rowsOf(peer, sizes)));
  process.stdout.write(values.json ? `${JSON.stringify(rows, undefined, 2)}\n` : `${tableOf(rows, sizes)}\n`);
}

/** @throws Error when one of them is not known. */
function chosen(only: string): readonly Peer<string>[] {
  const names = only.split(',');
  const unknown = names.find((name) => !PEERS.some((peer) => peer.name === name));
  if (unknown !== undefined) throw new Error(`there is no peer '${unknown}': ${USAGE}`);
  return PEERS.filter(({ name }) => names.includes(name));
}

/** One that cannot be had, or fails, is told; the others go on. */
async function rowsOf(peer: Peer<string>, sizes: Sizes): Promise<readonly (Row | Failed)[]> {
  const progress = (line: string) => say(`${peer.title}: ${line}`);
  const failed = (what: string, error: unknown): Failed[] => {
    const reason = `${what}: ${error instanceof Error ? error.message : String(error)}`;
    progress(reason);
    return [{ name: peer.title, reason }];
  };
  let installed: string;
  try {
    installed = await peer.install({ environment: process.env, say: progress });
  } catch (error) {
    return failed('cannot be installed', error);
  }
  try {
    return await inDirectory(peer.name, (directory) =>
      peer.run(installed, { sizes, directory, say: progress }),
    );
  } catch (error) {
    process.exitCode = 1;
    return failed('failed', error);
  }
}

/** Gives a directory that is gone afterwards, also when this process is asked to end meanwhile. */
async function inDirectory<T>(name: string, work: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(path.join(os.tmpdir(), `durable-orders-peer-${name}-`));
  const removeAtExit = () => {
    rmSync(directory, { recursive: true, force: true });
  };
  process.once('exit', removeAtExit);
  try {
    return await work(directory);
  } finally {
    process.off('exit', removeAtExit);
    await rm(directory, { recursive: true, force: true });
  }
}

const COLUMNS: readonly (readonly [(sizes: Sizes) => string, (figures: Figures) => string])[] = [
  [({ parallel }) => `orders/s, ${String(parallel)} at a time`, ({ perSecond }) => perSecond.toFixed(0)],
  [({ parallel }) => `p50, ${String(parallel)} at a time`, ({ busyP50 }) => `${busyP50.toFixed(0)} ms`],
  [() => 'p50, 1 at a time', ({ p50 }) => `${p50.toFixed(1)} ms`],
  [() => 'p99, 1 at a time', ({ p99 }) => `${p99.toFixed(1)} ms`],
  [() => 'compensated orders/s', ({ compensatedPerSecond }) => compensatedPerSecond.toFixed(0)],
];

function tableOf(rows: readonly (Row | Failed)[], sizes: Sizes): string {
  const head = ['peer', 'what is recorded of a step', ...COLUMNS.map(([title]) => title(sizes))];
  const lines = rows.map((row) =>
    'reason' in row
      ? [row.name, row.reason.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|'), ...COLUMNS.map(() => '')]
      : [row.name, row.records, ...COLUMNS.map(([, of]) => of(row.figures))],
  );
  return markdownTable(head, lines);
}

runScript(main);
