import { randomBytes } from 'node:crypto';

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';
const BITS = 128;
const LENGTH = Math.ceil(BITS / Math.log2(ALPHABET.length));

/** An order id that nobody else has and nobody can guess: `ord_` and 128 random bits in base 36. */
export function newOrderId(): string {
  let rest = BigInt(`0x${randomBytes(BITS / 8).toString('hex')}`);
  let digits = '';
  for (let i = 0; i < LENGTH; i++) {
    digits = ALPHABET.charAt(Number(rest % 36n)) + digits;
    rest /= 36n;
  }
  return `ord_${digits}`;
}
