import type { Colors } from 'picocolors/types';
import { ATTR } from '../telemetry/semconv';
import type { StoredSpan } from '../telemetry/stored-span';
import { isUndoingSpan } from './business-spans';
import type { SpanNode } from './span-tree';

export interface RenderTreeOptions {
  /** Columns to fit into; longer lines end in `…`. */
  readonly width: number;
  readonly colors: Colors;
}

interface Row {
  /** With the branches of the tree. */
  readonly name: string;
  readonly span: StoredSpan;
}

const BAR = { min: 10, max: 30 };
/** Below this many columns there are no time bars: names and reasons matter more. */
const BAR_FROM_WIDTH = 100;
const STATUS_WIDTH = 5;
const DURATION_WIDTH = 8;

/**
 * The trees as lines of text: name, status (`open` while it runs), duration, a bar for when and how long, and why it
 * failed, what a compensation undoes (`↩`) or a confirmation confirms (`✓`).
 *
 * @param all every span of the trace, for the names behind links.
 */
export function renderTrees(
  trees: readonly SpanNode[],
  all: readonly StoredSpan[],
  options: RenderTreeOptions,
): string[] {
  const rows = trees.flatMap((tree) => rowsOf(tree, '', ''));
  const nameWidth = Math.max(0, ...rows.map(({ name }) => name.length));
  const fixed = nameWidth + STATUS_WIDTH + DURATION_WIDTH + 6;
  const barWidth =
    options.width < BAR_FROM_WIDTH ? 0 : Math.min(BAR.max, Math.max(BAR.min, options.width - fixed - 42));
  const scale = timeScale(rows.map(({ span }) => span));
  const names = new Map(all.map((span) => [span.spanId, span.name]));
  return rows.map(({ name, span }) => {
    const { colors } = options;
    const bar = barWidth === 0 ? '' : `${timeBar(span, scale, barWidth)}  `;
    const plain = [
      name.padEnd(nameWidth),
      statusOf(span).padEnd(STATUS_WIDTH),
      durationText(span).padStart(DURATION_WIDTH),
    ];
    const room = options.width - plain.join('  ').length - 2 - bar.length;
    const note = shorten(noteOf(span, names), room);
    const paintName = isUndoingSpan(span) ? colors.yellow : (text: string) => text;
    const paintStatus = span.status.code === 'ERROR' ? colors.red : colors.green;
    return [
      paintName(plain[0] ?? ''),
      paintStatus(plain[1] ?? ''),
      plain[2] ?? '',
      colors.dim(bar) + (span.status.code === 'ERROR' ? colors.red(note) : note),
    ]
      .join('  ')
      .trimEnd();
  });
}

function rowsOf({ span, children }: SpanNode, branch: string, indent: string): Row[] {
  const below = children.flatMap((child, index) => {
    const last = index === children.length - 1;
    return rowsOf(child, `${indent}${last ? '└─ ' : '├─ '}`, `${indent}${last ? '   ' : '│  '}`);
  });
  return [{ name: branch + span.name, span }, ...below];
}

/** `UNSET` says nothing to a reader. */
function statusOf({ status, running }: StoredSpan): string {
  if (running === true) return 'open';
  return status.code === 'UNSET' ? '' : status.code;
}

function noteOf(span: StoredSpan, names: ReadonlyMap<string, string>): string {
  const { status, links, attributes } = span;
  const mark = isUndoingSpan(span) ? '↩' : '✓';
  const linked = links.map(({ spanId }) => `${mark} ${names.get(spanId) ?? spanId}`);
  const concluded = attributes[ATTR.sagaReconstructed] === true ? ['(reconstructed)'] : [];
  return [...linked, ...(status.message === undefined ? [] : [status.message]), ...concluded].join('  ');
}

interface TimeScale {
  readonly start: bigint;
  readonly length: bigint;
}

function timeScale(spans: readonly StoredSpan[]): TimeScale {
  const starts = spans.map((span) => BigInt(span.startTimeUnixNano));
  const ends = spans.map((span) => BigInt(span.endTimeUnixNano));
  const start = starts.reduce((a, b) => (b < a ? b : a), starts[0] ?? 0n);
  const end = ends.reduce((a, b) => (b > a ? b : a), start);
  return { start, length: end > start ? end - start : 1n };
}

/** At least one mark, however short the span. */
function timeBar(span: StoredSpan, { start, length }: TimeScale, width: number): string {
  const position = (nano: string) => Number(((BigInt(nano) - start) * BigInt(width)) / length);
  const from = Math.min(position(span.startTimeUnixNano), width - 1);
  const to = Math.max(position(span.endTimeUnixNano), from + 1);
  return `[${' '.repeat(from)}${'='.repeat(to - from)}${' '.repeat(Math.max(0, width - to))}]`;
}

function durationText(span: StoredSpan): string {
  const ms = Number(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)) / 1e6;
  return ms < 1_000 ? `${ms.toFixed(ms < 10 ? 1 : 0)} ms` : `${(ms / 1_000).toFixed(2)} s`;
}

function shorten(text: string, room: number): string {
  if (text.length <= room) return text;
  return room < 2 ? '' : `${text.slice(0, room - 1)}…`;
}
