const KNOWN_METHODS: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
]);

/** The method when HTTP knows it, in capitals; `undefined` for one that somebody made up, which must not name a span. */
export function httpMethod(method: string): string | undefined {
  const upper = method.toUpperCase();
  return KNOWN_METHODS.has(upper) ? upper : undefined;
}
