import type { DeclineReason } from '../provider';

/** How the sandbox treats a payment method. */
export interface MethodBehaviour {
  /** Refused for good. */
  readonly declines?: DeclineReason;
  /** 503s before a charge or an authorisation works. */
  readonly failures: number;
  /** False: takes or holds the money and never says so, neither to the request nor to a look-up. */
  readonly answers: boolean;
  /** Whether money that was taken is given back; what is only held always is. */
  readonly refundable: boolean;
}

const PLAIN: MethodBehaviour = { failures: 0, answers: true, refundable: true };

/** The test tokens, inspired by those of real providers. */
const METHODS: Readonly<Record<string, MethodBehaviour>> = {
  pm_card_visa: PLAIN,
  pm_card_declined: { ...PLAIN, declines: 'card_declined' },
  pm_card_insufficient_funds: { ...PLAIN, declines: 'insufficient_funds' },
  pm_card_flaky: { ...PLAIN, failures: 2 },
  pm_card_timeout: { ...PLAIN, answers: false },
  pm_card_refund_fails: { ...PLAIN, refundable: false },
};

/** What happens to a charge by `method`; every token that is not the sandbox's is refused for good. */
export function behaviourOf(method: string): MethodBehaviour {
  return Object.hasOwn(METHODS, method)
    ? (METHODS[method] ?? PLAIN)
    : { ...PLAIN, declines: 'unknown_payment_method' };
}
