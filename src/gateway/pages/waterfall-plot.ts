import { durationText } from './format';
import { html } from './html';
import type { Html } from './html';
import type { TimeScale } from './time-scale';
import type { WaterfallRow } from './waterfall-rows';

/** Of a row's height. */
const BAR_HEIGHT = 0.36;
/** What only holds others is drawn slimmer. */
const PARENT_HEIGHT = 0.16;
/** Of the plot's width: the shortest span is still seen. */
const MIN_BAR_WIDTH = 0.004;
/** Side of the square that curves are drawn in before it is stretched over the plot. */
const CANVAS = 1000;
/** How close a curve comes to the corner between its ends, 0 to 1. */
const BEND = 0.85;

/**
 * The times above the plot. Positions are percentages, so that the picture is as wide as there is room, and letters
 * keep their size.
 */
export function renderAxis({ ticks, cuts, at }: TimeScale): Html {
  return html`<svg class="wf-axis" aria-hidden="true" focusable="false">
    ${ticks.map(
      (tick, index) =>
        html`<text class="wf-tick ${index % 2 === 1 && 'wf-tick-odd'}" x="${percent(tick.at)}" y="1.1em">
          ${durationText(tick.ms).replace(/\.?0+ s$/, ' s')}
        </text>`,
    )}
    ${cuts.map(
      (cut) =>
        html`<text class="wf-tick wf-cut-text" x="${percent(at((cut.from + cut.to) / 2))}" y="1.1em">
          ${durationText(cut.to - cut.from)}
        </text>`,
    )}
  </svg>`;
}

/** The bars and curves. What they say is in the list of names beside them too, row by row. */
export function renderPlot(rows: readonly WaterfallRow[], scale: TimeScale): Html {
  const bars = rows.map((row) => barOf(row, scale));
  const height = 1 / rows.length;
  const middle = (index: number) => (index + 0.5) * height;
  return html`<svg class="wf-plot" role="img" aria-labelledby="wf-title wf-description">
    <title id="wf-title">Waterfall of the trace</title>
    <desc id="wf-description">${description(rows)}</desc>
    <defs>
      <pattern id="wf-hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect class="wf-hatch-ground" width="6" height="6" />
        <rect class="wf-hatch-line" width="2.5" height="6" />
      </pattern>
    </defs>
    ${scale.ticks.map(
      ({ at }) => html`<line class="wf-grid" x1="${percent(at)}" x2="${percent(at)}" y1="0" y2="100%" />`,
    )}
    ${scale.cuts.map(
      ({ left, right }) =>
        html`<rect
          class="wf-cut"
          x="${percent(left)}"
          width="${percent(right - left)}"
          y="0"
          height="100%"
        />`,
    )}
    ${rows.map(
      (_, index) =>
        html`<line
          class="wf-rule"
          x1="0"
          x2="100%"
          y1="${percent((index + 1) * height)}"
          y2="${percent((index + 1) * height)}"
        />`,
    )}
    ${links(rows, bars, middle)}
    ${rows.map((row, index) => drawBar(row, bars[index] ?? EMPTY, middle(index), height * (row.hasChildren ? PARENT_HEIGHT : BAR_HEIGHT)))}
  </svg>`;
}

/** Left and right end, as fractions. */
interface Bar {
  readonly left: number;
  readonly right: number;
}

const EMPTY: Bar = { left: 0, right: 0 };

function barOf({ from, to }: WaterfallRow, { at }: TimeScale): Bar {
  const left = Math.min(at(from), 1 - MIN_BAR_WIDTH);
  return { left, right: Math.max(at(to), left + MIN_BAR_WIDTH) };
}

function drawBar(row: WaterfallRow, { left, right }: Bar, middle: number, height: number): Html {
  return html`<g class="wf-row wf-${row.state} ${row.undoing && 'wf-undoing'}" data-span="${row.spanId}">
    <rect
      class="wf-bar"
      x="${percent(left)}"
      width="${percent(right - left)}"
      y="${percent(middle - height / 2)}"
      height="${percent(height)}"
      rx="3"
    />
    <svg class="wf-mark" x="${percent(right)}" y="${percent(middle)}">${MARKS[row.state]}</svg>
    <title>${tooltip(row)}</title>
  </g>`;
}

/** After the bar's end: the state without its colour. */
const MARKS: Readonly<Record<WaterfallRow['state'], Html | undefined>> = {
  done: undefined,
  open: undefined,
  unset: undefined,
  failed: html`<path d="M6-4l8 8M14-4l-8 8" />`,
  running: html`<path d="M5-5l5 5-5 5M11-5l5 5-5 5" />`,
};

/** From the compensation's left end back in time, then up to the middle of what it undoes. */
function links(rows: readonly WaterfallRow[], bars: readonly Bar[], middle: (index: number) => number): Html {
  const drawn = rows.flatMap(({ linkedTo, spanId }, index) =>
    linkedTo.map((target) => {
      const to = bars[target] ?? EMPTY;
      const [x1, y1] = [(bars[index] ?? EMPTY).left, middle(index)];
      const x2 = (to.left + to.right) / 2;
      const side = target < index ? 1 : -1;
      const y2 = middle(target) + (side * BAR_HEIGHT) / 2 / rows.length;
      return { spanId, target: rows[target]?.spanId ?? '', x1, y1, x2, y2, side };
    }),
  );
  return html`<svg
      class="wf-links"
      width="100%"
      height="100%"
      viewBox="0 0 ${CANVAS} ${CANVAS}"
      preserveAspectRatio="none"
    >
      ${drawn.map(
        ({ spanId, target, x1, y1, x2, y2 }) =>
          html`<path
            class="wf-link"
            data-from="${spanId}"
            data-to="${target}"
            d="${curve(x1, y1, x2, y2)}"
          />`,
      )}
    </svg>
    ${drawn.map(
      ({ x2, y2, side }) =>
        html`<svg class="wf-head" x="${percent(x2)}" y="${percent(y2)}">
          <path class="wf-arrow" d="${side > 0 ? 'M-4 6L0 1L4 6' : 'M-4-6L0-1L4-6'}" />
        </svg>`,
    )}`;
}

function curve(x1: number, y1: number, x2: number, y2: number): string {
  const [bentX, bentY] = [x1 + (x2 - x1) * BEND, y1 + (y2 - y1) * (1 - BEND)];
  const point = (x: number, y: number) => `${canvas(x)} ${canvas(y)}`;
  return `M${point(x1, y1)}C${point(bentX, y1)} ${point(x2, bentY)} ${point(x2, y2)}`;
}

function canvas(fraction: number): string {
  return String(Math.round(fraction * CANVAS * 10) / 10);
}

function percent(fraction: number): string {
  return `${String(Math.round(fraction * 100_000) / 1000)}%`;
}

function tooltip({ label, state, from, to, message, undoing }: WaterfallRow): string {
  const why = message === undefined ? '' : ` (${message})`;
  const kind = undoing ? 'Compensation ' : '';
  return `${kind}${label}: ${state}${why}, ${durationText(to - from)}, from ${durationText(from)}`;
}

function description(rows: readonly WaterfallRow[]): string {
  const linked = rows.flatMap(({ label, linkedTo, undoing }) =>
    linkedTo.map((target) => `${label} ${undoing ? 'undoes' : 'is linked to'} ${rows[target]?.label ?? ''}`),
  );
  const curves = linked.length === 0 ? '' : ` Curves connect what belongs together: ${linked.join('; ')}.`;
  return `A bar in time for each row of the list before this picture.${curves}`;
}
