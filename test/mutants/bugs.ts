/** A realistic mistake, and the tests that must find it. */
export interface Bug {
  /** What somebody did. */
  readonly name: string;
  readonly file: string;
  /** Occurs once in the file. */
  readonly find: string;
  readonly replace: string;
  /** Jest's patterns. */
  readonly tests: readonly string[];
}

const SAGA = ['test/workflows/saga-kit.test.ts', 'test/property/saga-kit.test.ts'];
const TCC = ['test/workflows/tcc-kit.test.ts', 'test/property/tcc-kit.test.ts'];
const BARRIER = ['test/property/barrier.test.ts'];
const FAULTS = ['test/integration/services/faults.test.ts'];

export const BUGS: readonly Bug[] = [
  {
    name: 'the compensation is pushed after the action, not before',
    file: 'src/saga/saga.ts',
    find: `compensation = this.#push(plan, work.compensate, call.key, span);
      return work.action(call);`,
    replace: `return work.action(call).then((reported) => {
        compensation = this.#push(plan, work.compensate, call.key, span);
        return reported;
      });`,
    tests: SAGA,
  },
  {
    name: 'a local step is left out once the order is cancelled',
    file: 'src/saga/saga.ts',
    find: 'if (!local) this.#throwIfCancelled();',
    replace: 'this.#throwIfCancelled();',
    tests: ['test/e2e/local-first.test.ts'],
  },
  {
    name: 'compensations are not shielded from cancellation',
    file: 'src/saga/saga.ts',
    find: 'throw await CancellationScope.nonCancellable(() => this.#undo(error));',
    replace: 'throw await this.#undo(error);',
    tests: SAGA,
  },
  {
    name: 'what was done first is undone first',
    file: 'src/saga/compensations.ts',
    find: 'const entries = this.#stack.toReversed().filter(',
    replace: 'const entries = this.#stack.filter(',
    tests: SAGA,
  },
  {
    name: 'the first compensation that fails keeps the others from running',
    file: 'src/saga/compensations.ts',
    find: 'this.#onRound(record.step, startedAt, failure);',
    replace: 'this.#onRound(record.step, startedAt, failure);\n      throw error;',
    tests: SAGA,
  },
  {
    name: 'a failed compensation is swallowed',
    file: 'src/saga/compensations.ts',
    find: "end(record, 'failed', attemptsOf(error, maxAttempts), failure.message);",
    replace: "end(record, 'done', attemptsOf(error, maxAttempts), failure.message);",
    tests: SAGA,
  },
  {
    name: 'a step whose reply was lost is taken for one that did not happen',
    file: 'src/saga/outcome.ts',
    find: "return reportOf(error).outcome === 'not_done' ? 'not_done' : 'unknown';",
    replace: "return 'not_done';",
    tests: SAGA,
  },
  {
    name: 'each attempt has an idempotency key of its own',
    file: 'src/activities/service-client.ts',
    find: "'idempotency-key': call.key,",
    replace: "'idempotency-key': `${call.key}-${String(info.attempt)}`,",
    tests: FAULTS,
  },
  {
    name: 'a compensation goes out under the key of what it undoes',
    file: 'src/saga/work.ts',
    find: 'key: keyOf(name), compensates })',
    replace: 'key: compensates, compensates })',
    tests: FAULTS,
  },
  {
    name: 'a 5xx is taken for a refusal',
    file: 'src/activities/service-client.ts',
    find: 'nonRetryable: status < 500 && !RETRYABLE_STATUSES.has(status),',
    replace: 'nonRetryable: true,',
    tests: FAULTS,
  },
  {
    name: 'the action of an undo that came first is not barred',
    file: 'src/services/barrier/barrier.ts',
    find: "    ...subject,\n    state: 'voided',",
    replace: "    ...subject,\n    state: 'pending',",
    tests: BARRIER,
  },
  {
    name: 'an undo does not mark what it has undone',
    file: 'src/services/barrier/barrier.ts',
    find: "await setState(trx, request.compensates, result === 'undone' ? 'compensated' : 'voided');",
    replace: "await setState(trx, request.compensates, result === 'undone' ? 'done' : 'voided');",
    tests: BARRIER,
  },
  {
    name: 'a key is accepted with another payload',
    file: 'src/services/barrier/barrier.ts',
    find: 'if (kind !== as.kind || (fingerprint !== null && fingerprint !== request.fingerprint)) {',
    replace: 'if (kind !== as.kind) {',
    tests: ['test/integration/services/inventory.test.ts', 'test/integration/services/payment.test.ts'],
  },
  {
    name: 'transactions of SQLite are deferred',
    file: 'src/database/sqlite-dialect.ts',
    find: "database.exec('begin immediate');",
    replace: "database.exec('begin');",
    tests: ['test/integration/services/database.test.ts', 'test/property/barrier-concurrency.test.ts'],
  },
  {
    name: 'a charge that may have happened is made again without asking the provider',
    file: 'src/services/payment/payment-service.ts',
    find: "const known = opened.open === 'again' ? await provider.lookup(keyed.key, signal) : undefined;",
    replace: 'const known = undefined;',
    tests: ['test/integration/services/payment-crashes.test.ts', 'test/property/barrier-payment.test.ts'],
  },
  {
    name: 'stock is taken without looking whether there is any',
    file: 'src/services/inventory/reservations.ts',
    find: '  await assertInStock(trx, items);\n  await move(',
    replace: '  await move(',
    tests: ['test/integration/services/inventory.test.ts'],
  },
  {
    name: 'TCC cancels those that answered their try, and nobody else',
    file: 'src/saga/tcc.ts',
    find: "if (outcome === 'not_done') delete member.undo;",
    replace: "if (outcome !== 'done') delete member.undo;",
    tests: TCC,
  },
  {
    name: 'a confirm is given up like any step',
    file: 'src/saga/tcc.ts',
    find: 'const policy = untilKnown(remote(work.policyOf(plan)));',
    replace: 'const policy = remote(work.policyOf(plan));',
    tests: TCC,
  },
  {
    name: 'a customer who cancels stops a transaction between two confirms',
    file: 'src/saga/tcc.ts',
    find: `const reverses = await CancellationScope.nonCancellable(() =>
        this.#phase('confirm', (member, phase) => this.#confirm(member, phase)),
      );`,
    replace:
      "const reverses = await this.#phase('confirm', (member, phase) => this.#confirm(member, phase));",
    tests: TCC,
  },
  {
    name: 'what was confirmed is forgotten when another confirm is refused',
    file: 'src/saga/tcc.ts',
    find: "if (outcome !== 'not_done') member.undo = this.#undo(plan, confirms, participant.reverse);",
    replace: '',
    tests: TCC,
  },
  {
    name: 'a hold whose time is over is not freed',
    file: 'src/services/barrier/hold-barrier.ts',
    find: `      await free(trx);
      await setState(rows, key, 'expired');`,
    replace: "      await setState(rows, key, 'expired');",
    tests: [
      'test/integration/services/hold-expiry.test.ts',
      'test/integration/services/inventory-holds.test.ts',
    ],
  },
  {
    name: 'money is held where the histories of running orders charge it',
    file: 'src/workflows/order-saga.ts',
    find: 'activities.processPayment({ key,',
    replace: 'activities.tryPayment({ key,',
    tests: ['test/replay'],
  },
  {
    name: 'compensations are not linked to what they undo',
    file: 'src/saga/tracing.ts',
    find: 'links: undoes === undefined ? [] : [{ context: undoes }],',
    replace: 'links: [],',
    tests: ['test/e2e/trace-golden.test.ts'],
  },
  {
    name: 'an order is counted again when its history is replayed',
    file: 'src/telemetry/saga-meter.ts',
    find: 'callDuringReplay: false,',
    replace: 'callDuringReplay: true,',
    tests: ['test/ops/worker-killed-counts.test.ts'],
  },
  {
    name: 'idempotency keys of different customers meet',
    file: 'src/gateway/intake/idempotency-keys.ts',
    find: '.update(JSON.stringify([customerId, key]))',
    replace: '.update(JSON.stringify([key]))',
    tests: ['test/integration/gateway/customers.test.ts'],
  },
  {
    name: 'retries do not spread',
    file: 'src/activities/activities.ts',
    find: 'reportAttempts(spreadRetries(bareActivities(tracer, config)))',
    replace: 'reportAttempts(bareActivities(tracer, config))',
    tests: ['test/integration/orders/outage.test.ts'],
  },
];
