/**
 * An exact amount of money.
 *
 * `value` is an integer of the currency's minor units (cents for EUR); `currency` is an ISO 4217 code.
 */
export interface Money {
  readonly value: number;
  readonly currency: string;
}

/** Minor-unit digits where they are not 2 (ISO 4217). */
const MINOR_UNIT_DIGITS: Readonly<Record<string, number>> = { JPY: 0, KRW: 0, KWD: 3, BHD: 3 };

function minorUnitDigits(currency: string): number {
  return MINOR_UNIT_DIGITS[currency] ?? 2;
}

/** The amount in major units, for people and span attributes only: never calculate with it. */
export function toMajorUnits(money: Money): number {
  return money.value / 10 ** minorUnitDigits(money.currency);
}

/** `59.98 EUR` */
export function formatMoney(money: Money): string {
  return `${toMajorUnits(money).toFixed(minorUnitDigits(money.currency))} ${money.currency}`;
}

export function sameMoney(a: Money, b: Money): boolean {
  return a.value === b.value && a.currency === b.currency;
}
