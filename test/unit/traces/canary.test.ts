import { describe, expect, it } from '@jest/globals';
import { canariesIn, newCanary } from '../../support/canary';

describe('a canary', () => {
  const canary = newCanary('NAME');
  const order = JSON.stringify({ name: canary });

  it.each([
    ['as it is', order],
    ['in capitals', order.toUpperCase()],
    ['in base64', Buffer.from(order).toString('base64')],
    ['in base64, one byte later', Buffer.from(`x${order}`).toString('base64')],
    ['in base64, two bytes later', Buffer.from(`xy${order}`).toString('base64')],
    ['in hexadecimal', Buffer.from(order).toString('hex')],
    ['as a list of bytes', JSON.stringify(Buffer.from(order))],
    ['in a URL', encodeURIComponent(order)],
  ])('is found %s', (_, text) => {
    expect(canariesIn(text, [newCanary('OTHER'), canary])).toEqual([canary]);
  });

  it('is not found where it is not', () => {
    expect(canariesIn(order, [newCanary('NAME')])).toEqual([]);
  });
});
