/** The release that is downloaded or built: the newest that `go install` accepts (later ones use `replace`). */
export const TEMPORAL_CLI_VERSION = 'v1.5.1';

/** There is no Temporal CLI to run a server with; the message says why and what would help. */
export class TemporalCliError extends Error {
  override readonly name = 'TemporalCliError';
}
