import { z } from 'zod';
import { ERRORS } from '../domain/errors';
import type { ErrorCode } from '../domain/errors';
import { formatMoney } from '../domain/money';
import { moneySchema, orderItemSchema } from '../domain/order-schema';

/**
 * Why a service said no, in words that hold nothing of what the service wrote freely: the reason goes into
 * histories, orders and spans, and a `detail` may quote whatever the service was sent. It is made of the error's
 * code, of members that can say nothing but what they are for, and of what was asked for.
 *
 * @param problem the service's problem document.
 * @param request the body that it answers.
 * @example reasonOf('payment_declined', { reason: 'card_declined' }, {}) // The payment was declined: card declined
 */
export function reasonOf(code: ErrorCode, problem: unknown, request: object): string {
  return REASONS[code]?.(problem, request) ?? ERRORS[code].title;
}

type Reason = (problem: unknown, request: object) => string | undefined;

const REASONS: Readonly<Partial<Record<ErrorCode, Reason>>> = {
  payment_declined: (problem) => {
    const { data } = declined.safeParse(problem);
    return data && `The payment was declined: ${DECLINES[data.reason]}`;
  },
  out_of_stock: (problem, request) => {
    const short = shortages.safeParse(problem).data?.shortages ?? [];
    const ordered = new Set(itemsOf(request).map(({ sku }) => sku));
    const named = short.filter(({ sku }) => ordered.has(sku));
    if (named.length === 0) return undefined;
    return named
      .map(({ sku, wanted, free }) => `${sku}: ${String(wanted)} wanted, ${String(free)} free`)
      .join('; ');
  },
  price_changed: (problem, request) => {
    const now = repriced.safeParse(problem).data?.amount;
    const quoted = quote.safeParse(request).data?.expectedAmount;
    return now && quoted && `Quoted ${formatMoney(quoted)}, now ${formatMoney(now)}`;
  },
  shipping_unavailable: (_, request) => {
    const country = countryOf(request);
    return country && `No carrier delivers to ${country}`;
  },
  carrier_unavailable: (_, request) => {
    const country = countryOf(request);
    return country && `The carrier for ${country} does not answer`;
  },
  refund_refused: () => 'The payment provider refuses to refund this payment',
};

const DECLINES = {
  card_declined: 'card declined',
  insufficient_funds: 'insufficient funds',
  unknown_payment_method: 'unknown payment method',
} as const;

const declined = z.object({
  reason: z.enum(['card_declined', 'insufficient_funds', 'unknown_payment_method']),
});
const shortages = z.object({
  shortages: z.array(z.object({ sku: orderItemSchema.shape.sku, wanted: z.int(), free: z.int() })),
});
const repriced = z.object({ amount: moneySchema });
const quote = z.object({ expectedAmount: moneySchema });
const items = z.object({ items: z.array(z.object({ sku: z.string() })) });
const destination = z.object({ address: z.object({ country: z.string().regex(/^[A-Z]{2}$/) }) });

function itemsOf(request: object) {
  return items.safeParse(request).data?.items ?? [];
}

function countryOf(request: object): string | undefined {
  return destination.safeParse(request).data?.address.country;
}
