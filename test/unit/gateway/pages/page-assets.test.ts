import { createHash } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { PAGE_ASSETS } from '../../../../src/gateway/pages';

it.each([
  ['stylesheet', 'css', 'text/css; charset=utf-8'],
  ['script', 'js', 'text/javascript; charset=utf-8'],
] as const)('the path of the %s changes with its content', (name, extension, contentType) => {
  const { path, body, ...rest } = PAGE_ASSETS[name];
  const hash = createHash('sha256').update(body).digest('hex');
  expect(path).toBe(`/assets/page.${hash.slice(0, 12)}.${extension}`);
  expect(rest).toEqual({ contentType });
  expect(body.length).toBeGreaterThan(500);
});
