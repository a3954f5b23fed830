import { countText, durationText } from './format';
import { html } from './html';
import type { Content, Html } from './html';
import { icon } from './icons';
import type { IconName } from './icons';
import type { OrderPageModel } from './order-page-model';
import { timeScale } from './time-scale';
import { foreign } from './words';
import { waterfallRows } from './waterfall-rows';
import type { RowState, WaterfallRow } from './waterfall-rows';
import { renderAxis, renderPlot } from './waterfall-plot';

/** The trace as a picture: a row for each business span, a curve from each compensation to what it undoes. */
export function renderWaterfall({ order, spans, now }: OrderPageModel): Html {
  const rows = waterfallRows(spans, order, now);
  return html`<section class="card" aria-labelledby="trace-title">
    <h2 id="trace-title">Trace</h2>
    ${rows.length > 0 ? picture(rows, spans.length) : nothing(order.traceId, spans.length)}
  </section>`;
}

function nothing(traceId: string | undefined, spans: number): Html {
  if (traceId === undefined) return html`<p class="quiet">This order was started without a trace.</p>`;
  if (spans === 0) return html`<p class="quiet">The trace store has no span of this order.</p>`;
  return html`<p class="quiet">None of the ${countText(spans, 'span')} so far is a step of the order.</p>`;
}

function picture(rows: readonly WaterfallRow[], spans: number): Html {
  const end = Math.max(...rows.map(({ to }) => to));
  const work = rows.filter(({ hasChildren }) => !hasChildren);
  const scale = timeScale(work, end);
  return html`<p class="quiet">
      ${countText(rows.length, 'business span')} of ${countText(spans, 'span')}, over ${durationText(end)}.
    </p>
    <figure class="waterfall">
      ${renderAxis(scale)}
      <ol class="wf-names">
        ${rows.map((row) => name(row, rows))}
      </ol>
      ${renderPlot(rows, scale)}
      <figcaption>${legend(rows, scale.cuts.length > 0)}</figcaption>
    </figure>`;
}

const STATES: Readonly<Record<RowState, { readonly word: string; readonly icon: IconName }>> = {
  done: { word: 'done', icon: 'done' },
  failed: { word: 'failed', icon: 'failed' },
  running: { word: 'running', icon: 'running' },
  open: { word: 'no end recorded', icon: 'unknown' },
  unset: { word: 'ended', icon: 'notRun' },
};

/** The row in words: everything that the picture beside it says. */
function name(row: WaterfallRow, rows: readonly WaterfallRow[]): Html {
  const { word, icon: stateIcon } = STATES[row.state];
  const undone = row.linkedTo.map((index) => rows[index]?.label).join(', ');
  return html`<li class="wf-name wf-depth-${Math.min(row.depth, 3)} wf-${row.state}">
    <span class="wf-label">${row.undoing && icon('undo')}<span>${foreign(row.label)}</span></span>
    <span class="wf-meta"
      >${icon(stateIcon)}${word} ·
      ${durationText(row.to - row.from)}${row.reconstructed && ' · reconstructed'}
      <span class="for-screen-readers"
        >${row.undoing ? 'Compensation' : ''}, begins ${durationText(row.from)} after the
        start${undone !== '' && html`, ${row.undoing ? 'undoes' : 'linked to'} ${foreign(undone)}`}</span
      ></span
    >
  </li>`;
}

/** Only what the picture has. */
function legend(rows: readonly WaterfallRow[], cut: boolean): Content {
  const entries: readonly (readonly [boolean, string, string])[] = [
    [rows.some(({ state, undoing }) => state === 'done' && !undoing), 'wf-done', 'done'],
    [rows.some(({ undoing }) => undoing), 'wf-done wf-undoing', 'compensation'],
    [rows.some(({ state }) => state === 'failed'), 'wf-failed', 'failed'],
    [rows.some(({ state }) => state === 'running'), 'wf-running', 'still running'],
    [rows.some(({ state }) => state === 'open'), 'wf-open', 'no end recorded'],
  ];
  const linked = rows.some(({ linkedTo }) => linkedTo.length > 0);
  return html`<ul class="legend">
    ${entries.map(
      ([present, kind, text]) =>
        present &&
        html`<li>
          <svg class="swatch" viewBox="0 0 24 12" aria-hidden="true" focusable="false">
            <g class="${kind}"><rect class="wf-bar" x="1.5" y="1.5" width="21" height="9" rx="2.5" /></g></svg
          >${text}
        </li>`,
    )}
    ${
      linked &&
      html`<li>
        <svg class="swatch" viewBox="0 0 24 12" aria-hidden="true" focusable="false">
          <path class="wf-link" d="M22 10H9C5 10 4 8 4 3" />
          <path class="wf-arrow" d="M1 5l3-4 3 4" /></svg
        >undoes
      </li>`
    }
    ${
      cut &&
      html`<li>
        <svg class="swatch" viewBox="0 0 24 12" aria-hidden="true" focusable="false">
          <rect class="wf-cut" x="1" width="22" height="12" /></svg
        >pause, cut short
      </li>`
    }
  </ul>`;
}
