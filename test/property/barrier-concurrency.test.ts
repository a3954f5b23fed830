import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ProblemError } from '../../src/http/problem';
import { onEachDatabase } from '../support/services';
import type { Outcome } from '../support/services-balance';
import { BalanceService, crash } from '../support/services-balance';

const SCHEDULES = 1000;

/** One request of a schedule: which, by which of two processes, and what goes wrong in it. */
interface Shot {
  readonly request: 'do' | 'do another' | 'undo a' | 'undo b';
  readonly process: 0 | 1;
  readonly fate: 'works' | 'crashes' | 'refuses';
}

const shots = fc.array(
  fc.record<Shot>({
    request: fc.constantFrom('do', 'do', 'do', 'undo a', 'undo a', 'undo b', 'do another'),
    process: fc.constantFrom(0, 1),
    fate: fc.constantFrom('works', 'works', 'works', 'works', 'crashes', 'refuses'),
  }),
  { minLength: 2, maxLength: 6 },
);

onEachDatabase((database) => {
  // Two handles, as two processes have them: they meet in the database only.
  let processes: [BalanceService, BalanceService];
  beforeAll(async () => {
    const config = await database.freshConfig();
    processes = await Promise.all([BalanceService.open(config), BalanceService.open(config)]);
  });
  afterAll(() => Promise.all(processes.map((service) => service.close())));

  let schedules = 0;

  it(`has each effect at most once and none after an undo, in ${String(SCHEDULES)} concurrent schedules`, async () => {
    await fc.assert(
      fc.asyncProperty(shots, async (schedule) => {
        const key = `k-${String((schedules += 1))}`;
        const outcomes = await Promise.all(schedule.map((shot) => fire(processes[shot.process], shot, key)));
        const changes = await processes[0].changes(key);
        assertConsistent(schedule, outcomes, changes);

        // The dust has settled: whoever comes late, does or undoes nothing a second time.
        const late = await processes[1].undo(`a-${key}`, key, 'undo a');
        expect(late.status).toBe(200);
        expect(await processes[1].changes(key)).toEqual(changes.includes(1) ? [1, -1] : []);
        const hanging = await processes[0].do(key, 'payload');
        expect(['already_compensated', 'idempotency_key_reused', 409]).toContain(hanging.status);
      }),
      { numRuns: SCHEDULES },
    );
  });
});

function fire(service: BalanceService, { request, fate }: Shot, key: string): Promise<Outcome> {
  const then = { works: () => undefined, crashes: crash, refuses: refuse }[fate];
  switch (request) {
    case 'do':
      return service.do(key, 'payload', then);
    case 'do another':
      return service.do(key, 'another payload', then);
    case 'undo a':
      return service.undo(`a-${key}`, key, 'undo a', fate === 'crashes' ? crash : undefined);
    case 'undo b':
      return service.undo(`b-${key}`, key, 'undo b', fate === 'crashes' ? crash : undefined);
  }
}

function refuse(): never {
  throw new ProblemError('out_of_stock', 'nothing left');
}

/** What must hold whatever the order was in which the database let the requests in. */
function assertConsistent(
  schedule: readonly Shot[],
  outcomes: readonly Outcome[],
  changes: readonly number[],
): void {
  const of = (kind: 'do' | 'undo') =>
    outcomes.filter((_outcome, index) => schedule[index]?.request.startsWith(kind) === true);
  const done = of('do').filter((outcome) => outcome.status === 201);
  const undone = of('undo').filter((outcome) => outcome.status === 200);

  expect(changes.filter((change) => change === 1).length).toBeLessThanOrEqual(1);
  expect(changes.filter((change) => change === -1).length).toBeLessThanOrEqual(1);
  const balance = changes.reduce((sum, change) => sum + change, 0);
  // Once an undo has been answered the balance is 0, and it says truly whether there was anything to undo.
  if (undone.length > 0) {
    expect(balance).toBe(0);
    const result = changes.length > 0 ? 'undone' : 'nothing_to_undo';
    for (const { body } of undone) expect(body).toEqual({ result });
  } else if (done.length > 0) {
    expect(balance).toBe(1);
  }
  // One request did it, all others that were told of success were told of that one's.
  if (done.length > 0) {
    expect(done.filter((outcome) => outcome.replayed === false)).toHaveLength(1);
    expect(new Set(done.map((outcome) => JSON.stringify(outcome.body))).size).toBe(1);
    expect(changes).toContain(1);
  }
  // No way of failing but those of the contract.
  for (const { status } of outcomes) {
    expect([200, 201, 409, 'crash', 'already_compensated', 'idempotency_key_reused']).toContain(status);
  }
}
