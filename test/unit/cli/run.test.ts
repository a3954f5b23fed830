import { describe, expect, it } from '@jest/globals';
import { runCli } from '../../../src/cli/run';
import { captureIo } from './capture';

const COMMANDS = [
  'start',
  'status',
  'list',
  'trace',
  'attention',
  'cancel',
  'retry',
  'skip',
  'doctor',
  'audit',
];

describe('the command line', () => {
  it.each(COMMANDS)('explains %s with an example', async (command) => {
    const io = captureIo();
    await expect(runCli([command, '--help'], io)).resolves.toBe(0);
    expect(io.out()).toMatch(/Examples?:\n {2}orders /);
    expect(io.err()).toBe('');
  });

  it('lists every command and the exit codes in its help', async () => {
    const io = captureIo();
    await expect(runCli(['--help'], io)).resolves.toBe(0);
    for (const command of COMMANDS) expect(io.out()).toContain(`  ${command} `);
    expect(io.out()).toContain('4  no such order');
  });

  it.each([
    ['no command', []],
    ['an unknown command', ['strat']],
    ['an unknown flag', ['start', '--colour']],
    ['an argument too many', ['status', 'a', 'b']],
    ['a missing argument', ['status']],
    ['a missing flag', ['skip', 'o-1', '--reason', 'x']],
    ['an unknown status', ['list', '--status', 'lost']],
    ['an unknown compensation', ['skip', 'o-1', '--step', 'create_order', '--reason', 'x']],
    ['a limit of 0', ['list', '--limit', '0']],
    ['a limit that is no number', ['list', '--limit', 'all']],
    ['--watch with --detach', ['start', '--sample', '--watch', '--detach']],
    ['a source that is no source', ['start', 'order.json']],
    ['two sources', ['start', '-', '--file', 'order.json']],
    ['an id with a slash', ['status', '../x']],
    ['an id of 10 kB', ['cancel', 'x'.repeat(10_000)]],
    ['an id of emoji', ['retry', '🚚']],
    ['an empty id', ['status', '']],
    ['a retry of nothing', ['retry']],
    ['a retry of one order and of all', ['retry', 'o-1', '--all']],
    ['--yes without --all', ['retry', 'o-1', '--yes']],
    ['--customer without --all', ['retry', 'o-1', '--customer', 'cus_1']],
    ['--dry-run with --detach', ['cancel', 'o-1', '--dry-run', '--detach']],
    ['an inbox of an unknown compensation', ['attention', '--step', 'process_payment']],
  ])('ends with 2 for %s, on stderr or as one JSON document', async (_, args) => {
    const asText = captureIo();
    await expect(runCli(args, asText)).resolves.toBe(2);
    expect(asText.out()).toBe('');
    expect(asText.err()).not.toBe('');
    expect(asText.err()).not.toContain('    at ');

    const asJson = captureIo();
    await expect(runCli([...args, '--json'], asJson)).resolves.toBe(2);
    expect(JSON.parse(asJson.out())).toEqual({
      error: { code: 'usage', message: expect.any(String) },
    });
    expect(asJson.err()).toBe('');
  });

  it('names every wrong variable of the environment at once', async () => {
    const io = captureIo({ env: { GATEWAY_PORT: 'abc', ORDER_WAIT_MS: '-1' } });
    await expect(runCli(['list'], io)).resolves.toBe(2);
    expect(io.err()).toContain('GATEWAY_PORT');
    expect(io.err()).toContain('ORDER_WAIT_MS');
  });

  it('takes --json before the command too', async () => {
    const io = captureIo();
    await expect(runCli(['--json', 'status', '../x'], io)).resolves.toBe(2);
    expect(JSON.parse(io.out())).toHaveProperty('error');
  });
});
