import { Readable, Writable } from 'node:stream';
import type { CliIo } from '../../../src/cli/output';

/** What a command reads and writes, in memory. */
export interface CapturedIo extends CliIo {
  readonly out: () => string;
  readonly err: () => string;
}

export function captureIo(
  options: { tty?: boolean; columns?: number; env?: Record<string, string>; stdin?: string } = {},
): CapturedIo {
  const { tty = false, columns = 80, env = {}, stdin = '' } = options;
  const text = { out: '', err: '' };
  const sink = (name: 'out' | 'err') =>
    Object.assign(
      new Writable({
        write(chunk: Buffer, _encoding, done) {
          text[name] += chunk.toString();
          done();
        },
      }),
      tty ? { isTTY: true, columns } : {},
    );
  return {
    stdin: Readable.from([Buffer.from(stdin)]),
    stdout: sink('out'),
    stderr: sink('err'),
    env,
    out: () => text.out,
    err: () => text.err,
  };
}
