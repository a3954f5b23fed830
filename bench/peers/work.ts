import { SAGA_STEPS } from '../../src/domain/steps';

/** What every peer carries out: the steps of an order, which do nothing, and what undoes each. */
export const STEPS: readonly { readonly name: string; readonly undo: string }[] = SAGA_STEPS.map(
  ({ name, compensation }) => ({ name, undo: compensation.name }),
);

/** The step that is refused when an order is to be compensated: the last one, so that all before it are undone. */
export const REFUSED: string = SAGA_STEPS[SAGA_STEPS.length - 1]?.name ?? '';

/** In the order in which they undo; what was refused has nothing to be undone. */
export const UNDONE: readonly string[] = STEPS.filter(({ name }) => name !== REFUSED)
  .map(({ undo }) => undo)
  .reverse();

export type Outcome = 'completed' | 'compensated';

/** Which steps an order must have run, in this order and each once. */
export type Expected = Readonly<Record<Outcome, readonly string[]>>;

const NAMES = STEPS.map(({ name }) => name);
export const SAGA: Expected = { completed: NAMES, compensated: [...NAMES, ...UNDONE] };

/** Runs one order to its end. */
export type PlaceOrder = (id: string, wanted: Outcome) => Promise<Outcome>;
