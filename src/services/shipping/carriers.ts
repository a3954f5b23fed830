import { ProblemError } from '../../http/problem';

const SERVED: ReadonlySet<string> = new Set(['DE', 'FR', 'NL', 'ES', 'IT', 'US', 'GB']);

/** The sandbox's country whose carrier is down for ever (ISO 3166 leaves XX to users). */
const CARRIER_DOWN = 'XX';

/**
 * Returns only when a carrier takes parcels to `country` (ISO 3166-1 alpha-2) now.
 *
 * @throws ProblemError `shipping_unavailable` for good, `carrier_unavailable` for now.
 */
export function assertServed(country: string): void {
  if (country === CARRIER_DOWN) {
    throw new ProblemError('carrier_unavailable', `The carrier for ${country} does not answer`);
  }
  if (!SERVED.has(country)) {
    throw new ProblemError('shipping_unavailable', `No carrier delivers to ${country}`, { country });
  }
}
