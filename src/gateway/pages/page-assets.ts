import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';

/** A file that the pages load. Its path names its content: it may be cached for ever. */
export interface PageAsset {
  /** `/assets/page.<hash>.css` */
  readonly path: string;
  readonly contentType: string;
  readonly body: string;
}

/** What the stylesheet is made of, in this order. */
const STYLES = ['palette', 'frame', 'order', 'waterfall', 'forms', 'index'];

/** The one stylesheet and the one script, read once when the process starts. */
export const PAGE_ASSETS = {
  stylesheet: asset('css', 'text/css; charset=utf-8', STYLES.map((name) => read(`${name}.css`)).join('\n')),
  script: asset('js', 'text/javascript; charset=utf-8', read('live.js')),
} as const;

function read(name: string): string {
  return readFileSync(path.join(__dirname, 'assets', name), 'utf8');
}

function asset(extension: string, contentType: string, body: string): PageAsset {
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 12);
  return { path: `/assets/page.${hash}.${extension}`, contentType, body };
}
