import type { TransactionKind } from '../../src/domain/order';
import { STEPS_OF } from '../../src/domain/steps';
import { MOMENTS } from '../support/ambush-proxy';
import type { Moment } from '../support/ambush-proxy';

/** What may befall a call: to the worker, which makes it, to the service, which answers it, or that the order is cancelled. */
export const FAULTS = [
  'worker-SIGKILL',
  'worker-SIGTERM',
  'service-SIGKILL',
  'service-SIGSTOP',
  'cancel-twice',
] as const;
export type Fault = (typeof FAULTS)[number];

/** One place of the crash matrix. */
export interface Cell {
  /** `tcc/confirm_payment/effect/worker-SIGKILL`. */
  readonly id: string;
  readonly transaction: TransactionKind;
  /** The step or compensation whose call it is about; its idempotency key ends with that. */
  readonly call: string;
  /** Whether the call undoes something. */
  readonly undoes: boolean;
  readonly moment: Moment;
  readonly fault: Fault;
}

/** Every cell that the definitions of the order's steps make: {step, compensation} × moment × fault. */
export function allCells(): Cell[] {
  const kinds = Object.entries(STEPS_OF) as [TransactionKind, (typeof STEPS_OF)['saga']][];
  const calls = kinds.flatMap(([transaction, steps]) => [
    ...steps.map(({ name }) => ({ transaction, call: name, undoes: false })),
    ...steps.map(({ compensation }) => ({ transaction, call: compensation.name, undoes: true })),
  ]);
  return calls.flatMap((call) =>
    MOMENTS.flatMap((moment) =>
      FAULTS.map((fault) => ({
        ...call,
        moment,
        fault,
        id: [call.transaction, call.call, moment, fault].join('/'),
      })),
    ),
  );
}

/** One cell for each fault at each moment, whose calls are others with each seed: in time it is every cell. */
export function sliceOf(cells: readonly Cell[], seed: number): Cell[] {
  return FAULTS.flatMap((fault, row) =>
    MOMENTS.map((moment, column) => {
      const kind = cells.filter((cell) => cell.fault === fault && cell.moment === moment);
      // Neighbours in the table take calls that are far apart.
      return kind[(seed + 7 * (row * MOMENTS.length + column)) % kind.length]!;
    }),
  );
}

/** An order that makes some of the calls: to be completed, or to be undone from somewhere. */
export interface Scenario {
  readonly method: string;
  readonly country: string;
  /** Steps that are given up after a few attempts; all others are tried for as long as it takes. */
  readonly givenUp: readonly string[];
}

/** Together they make every call: the first is completed, the others undo what they have done. */
export const SCENARIOS: readonly Scenario[] = [
  { method: 'pm_card_visa', country: 'DE', givenUp: [] },
  { method: 'pm_card_visa', country: 'XX', givenUp: ['create_shipment'] },
  { method: 'pm_card_timeout', country: 'DE', givenUp: ['process_payment', 'try_payment'] },
];
