import { spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { reportFailure } from '../src/stack/run-until-signal';
import { BUGS } from '../test/mutants/bugs';
import type { Bug } from '../test/mutants/bugs';

const USAGE = `npm run mutants -- [--only PART]

Plants realistic bugs into a copy of this repository, one at a time, and runs the tests that must find each: they have to
pass without it and fail with it. Exit 1 when one does not.

  --only PART  the bugs whose name contains it`;

const ROOT = path.join(__dirname, '..');
const COPIED = [
  'src',
  'test',
  'scripts',
  'ops',
  'docs',
  'bin',
  'package.json',
  'tsconfig.json',
  'jest.config.cjs',
];
/** A test that takes longer has not passed: it goes round in circles. */
const LIMIT_MS = 600_000;
/** The end of the output of a test that failed although nothing was planted. */
const TAIL = 3_000;

const say = (line: string) => process.stdout.write(`${line}\n`);

interface TestRun {
  readonly passed: boolean;
  readonly output: string;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { only: { type: 'string', default: '' }, help: { type: 'boolean', default: false } },
  });
  if (values.help) {
    say(USAGE);
    return;
  }
  const bugs = BUGS.filter(({ name }) => name.includes(values.only));
  if (bugs.length === 0) throw new Error(`no bug's name contains '${values.only}': ${USAGE}`);
  const copy = await mkdtemp(path.join(os.tmpdir(), 'durable-orders-mutants-'));
  try {
    for (const name of COPIED) await cp(path.join(ROOT, name), path.join(copy, name), { recursive: true });
    await symlink(path.join(ROOT, 'node_modules'), path.join(copy, 'node_modules'));
    const tests = [...new Set(bugs.flatMap((bug) => bug.tests))];
    const sane = await runTests(copy, tests);
    if (!sane.passed) throw new Error(`without any bug, the tests fail:\n${sane.output.slice(-TAIL)}`);
    say(`without any bug ${String(tests.length)} tests pass`);
    const survivors: string[] = [];
    for (const bug of bugs) {
      const started = performance.now();
      const caught = await isCaught(copy, bug);
      if (!caught) survivors.push(bug.name);
      const seconds = ((performance.now() - started) / 1000).toFixed(0);
      say(`${caught ? 'caught  ' : 'SURVIVED'} ${bug.name} (${seconds} s)`);
    }
    say(`${String(bugs.length - survivors.length)} of ${String(bugs.length)} bugs were caught`);
    if (survivors.length > 0) process.exitCode = 1;
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

async function isCaught(copy: string, { file, find, replace, tests }: Bug): Promise<boolean> {
  const target = path.join(copy, file);
  const source = await readFile(target, 'utf8');
  if (source.split(find).length !== 2) throw new Error(`${file} has not exactly one place for ${find}`);
  await writeFile(
    target,
    source.replace(find, () => replace),
  );
  try {
    return !(await runTests(copy, tests)).passed;
  } finally {
    await writeFile(target, source);
  }
}

function runTests(directory: string, tests: readonly string[]): Promise<TestRun> {
  const jest = path.join(directory, 'node_modules/jest/bin/jest.js');
  const child = spawn(process.execPath, [jest, '--bail', '--silent', ...tests], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MS * tests.length,
    killSignal: 'SIGKILL',
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ passed: code === 0, output });
    });
  });
}

main().catch(reportFailure);
