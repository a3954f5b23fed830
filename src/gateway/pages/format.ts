import { html } from './html';
import type { Html } from './html';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `0.4 ms`, `14 ms`, `1.25 s`, `3 min 12 s`, `2 h 5 min`, `3 d 4 h`. */
export function durationText(ms: number): string {
  if (ms < 10) return `${String(Math.round(ms * 10) / 10)} ms`;
  if (Math.round(ms) < SECOND) return `${String(Math.round(ms))} ms`;
  if (Math.round(ms / 10) * 10 < MINUTE) return `${(ms / SECOND).toFixed(2)} s`;
  if (Math.round(ms / SECOND) * SECOND < HOUR) return twoUnits(ms, [MINUTE, 'min'], [SECOND, 's']);
  if (Math.round(ms / MINUTE) * MINUTE < DAY) return twoUnits(ms, [HOUR, 'h'], [MINUTE, 'min']);
  return twoUnits(ms, [DAY, 'd'], [HOUR, 'h']);
}

type Unit = readonly [ms: number, name: string];

function twoUnits(ms: number, [big, bigName]: Unit, [small, smallName]: Unit): string {
  const count = Math.round(ms / small);
  const perBig = big / small;
  const rest = count % perBig;
  const whole = `${String(Math.floor(count / perBig))} ${bigName}`;
  return rest === 0 ? whole : `${whole} ${String(rest)} ${smallName}`;
}

/** `just now`, `12 s ago`, `3 min ago`, `2 h ago`, `3 d ago`. */
export function agoText(iso: string, now: Date): string {
  const ms = now.getTime() - Date.parse(iso);
  if (ms < 5 * SECOND) return 'just now';
  const [unit, name] = UNITS.find(([size]) => ms >= size) ?? [SECOND, 's'];
  return `${String(Math.floor(ms / unit))} ${name} ago`;
}

const UNITS: readonly Unit[] = [
  [DAY, 'd'],
  [HOUR, 'h'],
  [MINUTE, 'min'],
];

/** Day and time in UTC, to the second. */
export function dateTime(iso: string): Html {
  return html`<time datetime="${iso}">${iso.slice(0, 19).replace('T', ' ')}</time>`;
}

/** Time in UTC, to the millisecond; with the day where that is not `day`'s (both ISO 8601). */
export function clockTime(iso: string, day: string): Html {
  const text = iso.slice(0, 10) === day.slice(0, 10) ? iso.slice(11, 23) : iso.slice(0, 23).replace('T', ' ');
  return html`<time datetime="${iso}">${text}</time>`;
}

/** `1 attempt`, `2 attempts`. */
export function countText(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}
