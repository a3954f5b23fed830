import { OrderError } from '../../orders/errors';
import { readLastHour } from '../../orders/last-hour/read-last-hour';
import { signalsOf } from '../../orders/last-hour/signals';
import type { Signal } from '../../orders/last-hour/signals';
import type { CommandContext } from '../context';
import type { Output } from '../output';
import { printable } from '../output';
import { withSession } from '../session';
import type { Check } from './check';

/** What the alerts are about, of the last hour; or why nobody can say. */
export type LastHour = { readonly signals: readonly Signal[] } | { readonly unknown: string };

/** @param temporal what Temporal was found to be: unless it is well, nobody can say. */
export async function lookAtLastHour(context: CommandContext, temporal: readonly Check[]): Promise<LastHour> {
  const missing = temporal.find(({ name, ok }) => !ok && name !== 'worker');
  if (missing !== undefined) return { unknown: `${missing.name}: ${missing.detail}` };
  try {
    return await withSession(context, {}, async (session) => ({
      signals: signalsOf(await readLastHour(session)),
    }));
  } catch (error) {
    if (!(error instanceof OrderError)) throw error;
    return { unknown: error.message };
  }
}

/** For people. */
export function renderLastHour(lastHour: LastHour, { colours }: Pick<Output, 'colours'>): string {
  if ('unknown' in lastHour) return `The last hour: unknown (${printable(lastHour.unknown)})`;
  const { signals } = lastHour;
  const width = Math.max(...signals.map(({ name }) => name.length));
  const marks = { ok: colours.green('ok  '), warn: colours.yellow('warn'), none: colours.dim('--  ') };
  const lines = signals.map(
    (signal) => `${marks[signal.state]}  ${signal.name.padEnd(width)}  ${wordsOf(signal, colours.yellow)}`,
  );
  return ['The last hour:', ...lines].join('\n');
}

function wordsOf(
  { value, unknown, unit, state, alert, sample }: Signal,
  warning: (text: string) => string,
): string {
  if (value === null) return unknown ?? '';
  const amount = { ratio: () => percent(value), s: () => seconds(value), orders: () => String(value) }[
    unit
  ]();
  const of =
    sample === undefined ? '' : ` (the newest ${String(sample.read)} of ${String(sample.of)} orders)`;
  const runbook =
    state === 'warn' && alert !== undefined ? warning(` → docs/runbook.md#${alert.toLowerCase()}`) : '';
  return `${amount}${of}${runbook}`;
}

function percent(value: number): string {
  return `${(value * 100).toFixed(1)} %`;
}

function seconds(value: number): string {
  return `${value.toFixed(2)} s`;
}
