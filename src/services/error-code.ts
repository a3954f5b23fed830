/** The `code` of a system's or a database's error (`EADDRINUSE`, `SQLITE_BUSY`, `23505`), or undefined. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** What an error says; its code where it says nothing, as an AggregateError of refused connections does. */
export function errorMessage(error: unknown): string {
  const message = typeof error === 'object' && error !== null && 'message' in error ? error.message : error;
  return typeof message === 'string' && message !== '' ? message : (errorCode(error) ?? String(error));
}
