import { html } from './html';
import type { Html } from './html';

/** Line drawings on a grid of 16, by what they stand for. */
const DRAWINGS = {
  done: html`<path d="M3 8.5l3.3 3.3L13 4.8" />`,
  failed: html`<path d="M4 4l8 8M12 4l-8 8" />`,
  pending: html`<circle cx="8" cy="8" r="6" /><path d="M8 4.8V8l2.2 1.6" />`,
  running: html`<path d="M8 2a6 6 0 1 1-6 6" />`,
  retry: html`<path d="M13.3 2.8v3.7H9.6M13 6.3A5.5 5.5 0 1 0 13.4 9.6" />`,
  undo: html`<path d="M6 2.5L2.5 6 6 9.5M2.5 6h7a4 4 0 0 1 0 8H6" />`,
  cancelled: html`<circle cx="8" cy="8" r="6" /><path d="M3.8 12.2l8.4-8.4" />`,
  attention: html`<path d="M8 2l6.6 11.6H1.4zM8 6.4v3.4M8 11.7v.1" />`,
  unknown: html`<path d="M5.4 5.6a2.6 2.6 0 1 1 4 2.2C8.5 8.4 8 8.9 8 10M8 12.8v.1" />`,
  notRun: html`<path d="M4 8h8" />`,
  skipped: html`<path d="M3 4l6 4-6 4zM12.5 4v8" />`,
  interrupted: html`<path d="M9.5 1.5L4 9h4l-1.5 5.5L12 7H8z" />`,
} as const;

export type IconName = keyof typeof DRAWINGS;

/** Always beside the word that says the same: it is hidden from screen readers. */
export function icon(name: IconName): Html {
  return html`<svg class="icon icon-${name}" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
    ${DRAWINGS[name]}
  </svg>`;
}
