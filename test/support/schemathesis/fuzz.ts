import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {
  INSTALL_SCHEMATHESIS,
  pythonOf,
  schemathesisEnvironment,
} from '../../../scripts/tools/schemathesis-environment';
import { spawnGuarded } from '../../../src/temporal/guarded-child';
import { readFuzzReport } from './fuzz-report';
import type { FuzzReport } from './fuzz-report';

export interface FuzzOptions {
  /** Of the API. */
  readonly url: string;
  /** The same one asks the same, as far as the answers are the same. */
  readonly seed: number;
  /** Requests that are made up for each operation, and as many sequences of them; others come by rule. */
  readonly maxExamples: number;
  /** Lines on top of schemathesis.toml. */
  readonly configuration?: string;
}

/** Asks the API everything that its OpenAPI document allows, and what it forbids. */
export async function fuzz({ url, seed, maxExamples, configuration = '' }: FuzzOptions): Promise<FuzzReport> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'durable-orders-fuzz-'));
  try {
    const config = path.join(directory, 'schemathesis.toml');
    const common = await readFile(path.join(__dirname, 'schemathesis.toml'), 'utf8');
    await writeFile(config, `${common}\n${configuration}`);
    const report = path.join(directory, 'report.ndjson');
    const { code, output } = await runPython([
      ...['-m', 'schemathesis.cli', '--config-file', config, 'run', `${url}/openapi.json`],
      ...['--seed', String(seed), '--max-examples', String(maxExamples), '--no-color'],
      ...['--report', 'ndjson', '--report-ndjson-path', report],
    ]);
    if (!existsSync(report)) throw new Error(`schemathesis did not start:\n${output}`);
    return { ...(await readFuzzReport(report)), passed: code === 0, output };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** What an independent validator finds wrong with an OpenAPI document; empty when nothing is. */
export async function faultsOfDocument(document: object): Promise<string> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'durable-orders-openapi-'));
  try {
    const file = path.join(directory, 'openapi.json');
    await writeFile(file, JSON.stringify(document));
    const { code, output } = await runPython(['-m', 'openapi_spec_validator', '--errors', 'all', file]);
    return code === 0 ? '' : output;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function runPython(args: readonly string[]): Promise<{ code: number | null; output: string }> {
  const python = pythonOf(schemathesisEnvironment(process.env));
  if (!existsSync(python)) {
    throw new Error(
      `This test needs schemathesis, which is not at ${python}: run \`${INSTALL_SCHEMATHESIS}\` first`,
    );
  }
  const child = await spawnGuarded(python, args, {
    environment: { ...process.env, PYTHONUNBUFFERED: '1', PYTHONUTF8: '1' },
  });
  const { code } = await child.ended;
  return { code, output: child.outputTail().join('\n') };
}
