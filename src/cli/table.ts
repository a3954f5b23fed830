import Table from 'cli-table3';
import type { Colours } from './output';
import { printable } from './output';

/** A cell: its text, and a colour that must not count as text. */
export type Cell = string | { readonly text: string; readonly colour: (text: string) => string };

const GAP = '  ';
const MIN_COLUMN = 6;
const NO_BORDERS = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: GAP,
};

export interface TableOptions {
  readonly colours: Colours;
  /** Columns of the terminal; undefined where nobody counts them. */
  readonly width?: number | undefined;
  /** Indexes of the columns that hold numbers, which are aligned to the right. */
  readonly numbers?: readonly number[];
  /** Indexes of the columns that are never wrapped, because somebody will copy from them. */
  readonly whole?: readonly number[];
}

/**
 * Rows in columns, no wider than `width`: the widest columns are wrapped. Without `width`, nothing is wrapped,
 * so that the output can be piped. Control characters in cells do not reach the terminal.
 */
export function renderTable(
  head: readonly string[],
  rows: readonly (readonly Cell[])[],
  { colours, width, numbers = [], whole = [] }: TableOptions,
): string {
  const texts = rows.map((row) => row.map((cell) => printable(typeof cell === 'string' ? cell : cell.text)));
  const natural = head.map((title, column) =>
    Math.max(title.length, ...texts.map((row) => row[column]?.length ?? 0)),
  );
  const colWidths =
    width === undefined ? natural : fit(natural, width - GAP.length * (head.length - 1), whole);
  const table = new Table({
    head: head.map((title, column) =>
      wrap(title, colWidths[column] ?? MIN_COLUMN)
        .map(colours.dim)
        .join('\n'),
    ),
    chars: NO_BORDERS,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colWidths,
    colAligns: head.map((_, column) => (numbers.includes(column) ? 'right' : 'left')),
  });
  for (const [index, row] of rows.entries()) {
    table.push(
      row.map((cell, column) => {
        const lines = wrap(texts[index]?.[column] ?? '', colWidths[column] ?? MIN_COLUMN);
        return (typeof cell === 'string' ? lines : lines.map(cell.colour)).join('\n');
      }),
    );
  }
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** Widths that together take no more than `available`, as far as columns stay readable and `whole` ones whole. */
export function fit(natural: readonly number[], available: number, whole: readonly number[] = []): number[] {
  const widths = [...natural];
  const flexible = widths.map((_, column) => column).filter((column) => !whole.includes(column));
  let excess = widths.reduce((sum, width) => sum + width, 0) - available;
  for (; excess > 0; excess--) {
    const widest = flexible.reduce(
      (a, b) => ((widths[b] ?? 0) > (widths[a] ?? 0) ? b : a),
      flexible[0] ?? -1,
    );
    const width = widths[widest] ?? 0;
    if (width <= MIN_COLUMN) break;
    widths[widest] = width - 1;
  }
  return widths;
}

/** `text` in lines of at most `width`, between words where it can be; the table would cut through colours. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let rest = text.trimEnd();
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width);
    const end = space > 0 ? space : width;
    lines.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return [...lines, rest];
}
