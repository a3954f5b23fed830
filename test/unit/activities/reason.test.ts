import { describe, expect, it } from '@jest/globals';
import { reasonOf } from '../../../src/activities/reason';
import { ERRORS } from '../../../src/domain/errors';
import type { ErrorCode } from '../../../src/domain/errors';

const REQUEST = {
  items: [{ sku: 'SKU-MOUSE', quantity: 3 }],
  expectedAmount: { value: 5997, currency: 'EUR' },
  address: { name: 'A. Buyer', country: 'AQ' },
};

describe('the reason for which a service said no', () => {
  it.each<[ErrorCode, object, string]>([
    ['payment_declined', { reason: 'insufficient_funds' }, 'The payment was declined: insufficient funds'],
    [
      'out_of_stock',
      { shortages: [{ sku: 'SKU-MOUSE', wanted: 3, free: 1 }] },
      'SKU-MOUSE: 3 wanted, 1 free',
    ],
    ['price_changed', { amount: { value: 6297, currency: 'EUR' } }, 'Quoted 59.97 EUR, now 62.97 EUR'],
    ['shipping_unavailable', {}, 'No carrier delivers to AQ'],
    ['carrier_unavailable', {}, 'The carrier for AQ does not answer'],
    ['refund_refused', {}, 'The payment provider refuses to refund this payment'],
    ['provider_timeout', {}, 'The payment provider did not answer in time'],
    ['hold_expired', {}, 'The hold has expired'],
    ['hold_confirmed', {}, 'The hold was confirmed'],
  ])('says what is known of %s', (code, members, reason) => {
    expect(reasonOf(code, { code, ...members }, REQUEST)).toBe(reason);
  });

  it.each<[ErrorCode, object]>([
    ['payment_declined', { reason: 'card of A. Buyer' }],
    ['out_of_stock', { shortages: [{ sku: 'A.Buyer', wanted: 1, free: 0 }] }],
    ['out_of_stock', { shortages: [{ sku: 'SKU-MOUSE', wanted: 'A. Buyer', free: 0 }] }],
    ['price_changed', { amount: { value: 1, currency: 'A. Buyer' } }],
    ['unknown_sku', { skus: ['A. Buyer'] }],
  ])('is the title of %s when a member says something else: %j', (code, members) => {
    expect(reasonOf(code, { code, ...members }, REQUEST)).toBe(ERRORS[code].title);
  });

  it.each(Object.keys(ERRORS) as ErrorCode[])('quotes nothing of what a service wrote with %s', (code) => {
    const quoting = { code, detail: 'QUOTED', title: 'QUOTED', reason: 'QUOTED', country: 'QUOTED' };
    expect(reasonOf(code, quoting, REQUEST)).not.toContain('QUOTED');
    expect(reasonOf(code, null, {})).not.toBe('');
  });
});
