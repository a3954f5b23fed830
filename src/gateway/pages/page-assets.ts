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

/** The stylesheet and the script, read once when the process starts. */
export const PAGE_ASSETS = {
  stylesheet: readAsset('css', 'text/css; charset=utf-8'),
  script: readAsset('js', 'text/javascript; charset=utf-8'),
} as const;

function readAsset(extension: string, contentType: string): PageAsset {
  const body = readFileSync(path.join(__dirname, 'assets', `page.${extension}`), 'utf8');
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 12);
  return { path: `/assets/page.${hash}.${extension}`, contentType, body };
}
