import { PAGE_ASSETS } from './page-assets';
import { html } from './html';
import type { Content, Html } from './html';
import { icon } from './icons';
import { PATHS } from './paths';

export interface PageLayout {
  /** What the tab says. */
  readonly title: string;
  /** The inside of `<main>`. */
  readonly main: Content;
  /** The event stream that replaces the inside of `<main>`. */
  readonly events?: string | undefined;
}

/** Two arrows around a point, one of them back: a transaction and its undoing. */
const FAVICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' " +
  "height='16' rx='4' fill='%231d4fa3'/%3E%3Cpath d='M7 4 4 7l3 3M4 7h5a2.5 2.5 0 0 1 0 5H8' fill='none' " +
  "stroke='%23fff' stroke-width='1.6' stroke-linecap='round' stroke-linejoin='round'/%3E%3C/svg%3E";

/** A whole document. It reads and works without its script. */
export function renderDocument({ title, main, events }: PageLayout): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} – Durable orders</title>
        <link rel="icon" href="${FAVICON}" />
        <link rel="stylesheet" href="${PAGE_ASSETS.stylesheet.path}" />
        ${events !== undefined && html`<script src="${PAGE_ASSETS.script.path}" defer></script>`}
      </head>
      <body>
        <a class="skip-link" href="#main">Skip to the content</a>
        <header class="site">
          <nav aria-label="Site">
            <a class="site-name" href="${PATHS.home}">${icon('undo')}Durable orders</a>
            <a href="${PATHS.docs}">API</a>
          </nav>
        </header>
        <main id="main" tabindex="-1" ${events !== undefined && html`data-events="${events}"`}>${main}</main>
        ${
          events !== undefined &&
          html`<p id="announcer" class="for-screen-readers" role="status" aria-live="polite"></p>`
        }
      </body>
    </html>`.toString();
}

/** What came of the reader's last action. */
export function renderNotice(notice: string | undefined): Html | undefined {
  return notice === undefined ? undefined : html`<p class="notice" role="status">${notice}</p>`;
}
