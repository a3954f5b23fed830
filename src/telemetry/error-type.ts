/**
 * What kind of error this is, without its text: its own code (`SQLITE_BUSY`), or that of its cause (`ECONNREFUSED`
 * says more than the `TypeError: fetch failed` around it), or its name.
 *
 * Looks at the shape and not at the class: errors of workflow sandboxes are of another realm.
 */
export function errorTypeOf(error: unknown): string {
  return codeOf(error) ?? codeOf(property(error, 'cause')) ?? text(property(error, 'name')) ?? typeof error;
}

/** The error's own code, when it is a text; the numbers of DOM exceptions say less than their names. */
export function codeOf(error: unknown): string | undefined {
  return text(property(error, 'code'));
}

/** What an error says; its code where it says nothing, as an AggregateError of refused connections does. */
export function errorMessage(error: unknown): string {
  const message = property(error, 'message') ?? error;
  return text(message) ?? codeOf(error) ?? String(error);
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && name in value
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
