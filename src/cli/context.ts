import type { Config } from '../config/config';
import type { CliIo, Output } from './output';

/** What every command gets. */
export interface CommandContext {
  readonly io: CliIo;
  readonly output: Output;
  readonly config: Config;
}
