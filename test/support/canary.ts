import { randomBytes } from 'node:crypto';

/** A value that is found nowhere by chance. */
export function newCanary(what: string): string {
  return `CANARY${what}${randomBytes(4).toString('hex')}`;
}

/** Which of `canaries` are in `text`, also inside of base64, hexadecimal or bytes written as numbers. */
export function canariesIn(text: string, canaries: readonly string[]): string[] {
  const lower = text.toLowerCase();
  return canaries.filter((canary) => formsOf(canary).some((form) => lower.includes(form.toLowerCase())));
}

function formsOf(canary: string): string[] {
  const bytes = [...Buffer.from(canary)];
  return [
    canary,
    Buffer.from(canary).toString('hex'),
    bytes.join(','),
    bytes.join(', '),
    // Where in a group of three bytes it begins, nobody knows: what is the same for all beginnings is enough.
    ...[0, 1, 2].map((offset) => {
      const encoded = Buffer.concat([Buffer.alloc(offset), Buffer.from(canary)]).toString('base64');
      return encoded.slice(4, -4);
    }),
  ];
}
