import type { FieldError } from '../../domain/order-schema';
import { html } from './html';
import { renderDocument } from './layout';
import { PATHS } from './paths';
import { foreign } from './words';

/** What an RFC 9457 problem document has that a person can use. */
export interface ErrorPageProblem {
  readonly status: number;
  readonly title: string;
  readonly detail?: string | undefined;
  readonly code?: string | undefined;
  readonly orderId?: string | undefined;
  readonly traceId?: string | undefined;
  /** Every wrong field of a form or query. */
  readonly errors?: readonly FieldError[] | undefined;
}

/** The page in place of one that cannot be had, whole. */
export function renderErrorPage(problem: ErrorPageProblem): string {
  const { status, title, detail, code, orderId, traceId, errors = [] } = problem;
  return renderDocument({
    title,
    main: html`<div class="card error-page">
      <p class="error-status">${status}</p>
      <h1>${title}</h1>
      ${detail !== undefined && html`<p>${foreign(detail)}</p>`}
      ${
        errors.length > 0 &&
        html`<ul>
          ${errors.map(({ field, message }) => html`<li><code>${field}</code> ${foreign(message)}</li>`)}
        </ul>`
      }
      ${code !== undefined && html`<p class="quiet">Code <code>${code}</code></p>`}
      ${traceId !== undefined && html`<p class="quiet">Trace id <code class="id">${traceId}</code></p>`}
      <p class="links">
        ${orderId !== undefined && html`<a href="${PATHS.order(orderId)}">Order <bdi>${orderId}</bdi></a>`}
        <a href="${PATHS.home}">All orders</a>
      </p>
    </div>`,
  });
}
