import type { Writable } from 'node:stream';
import picocolors from 'picocolors';
import type { Failure } from './failure';

export type Colours = ReturnType<typeof picocolors.createColors>;

type Environment = Readonly<Record<string, string | undefined>>;
/** A stream that may be a terminal. */
type MaybeTerminal = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** What a command reads and writes; the process's own, or a test's. */
export interface CliIo {
  readonly stdin: AsyncIterable<Uint8Array | string>;
  readonly stdout: MaybeTerminal;
  readonly stderr: MaybeTerminal;
  readonly env: Environment;
}

/**
 * Colours for one stream: only when it is a terminal that has them, and never with `NO_COLOR`
 * (https://no-color.org) or a dumb terminal.
 */
export function coloursFor(stream: { readonly isTTY?: boolean }, env: Environment): Colours {
  const enabled = stream.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  return picocolors.createColors(enabled);
}

/** Columns of a terminal, 80 when it does not say (some say 0); undefined for anything else. */
export function terminalWidth(stream: MaybeTerminal): number | undefined {
  if (stream.isTTY !== true) return undefined;
  const { columns = 0 } = stream;
  return columns > 0 ? columns : 80;
}

/** `text` without what could move a terminal's cursor, change its colours or break a line. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- these are what is to go
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ');
}

/**
 * Where a command's words go: results to stdout, everything else to stderr. With `--json`, stdout gets exactly
 * one JSON document.
 */
export class Output {
  /** For stdout. */
  readonly colours: Colours;
  /** For stderr. */
  readonly noteColours: Colours;
  /** Columns that a table on stdout may take; undefined where nobody counts them. */
  readonly width: number | undefined;

  constructor(
    readonly io: CliIo,
    readonly json: boolean,
  ) {
    this.colours = coloursFor(io.stdout, io.env);
    this.noteColours = coloursFor(io.stderr, io.env);
    this.width = terminalWidth(io.stdout);
  }

  /** The command's result: as JSON with `--json`, otherwise as `render` has it. */
  result(value: unknown, render: () => string): void {
    const text = this.json ? JSON.stringify(value, undefined, 2) : render();
    this.io.stdout.write(`${text}\n`);
  }

  /** One line for people, beside the result. */
  note(text: string): void {
    this.io.stderr.write(`${text}\n`);
  }

  failure({ code, message, errors, stack }: Failure): void {
    if (this.json) {
      this.result({ error: { code, message, ...(errors !== undefined && { errors }) } }, () => message);
      if (stack !== undefined) this.note(stack);
      return;
    }
    this.note(`${this.noteColours.red('error:')} ${message}`);
    if (stack !== undefined) this.note(stack);
  }
}
