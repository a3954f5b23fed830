/** The server did not start, or ended by itself; the message has the end of its log. */
export class DevServerError extends Error {
  override readonly name = 'DevServerError';

  constructor(what: string, log: readonly string[]) {
    super([what, ...log.map((line) => `    ${line}`)].join('\n'));
  }
}
