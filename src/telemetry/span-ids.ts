import { createHash } from 'node:crypto';
import type { Context } from '@opentelemetry/api';
import { context, createContextKey } from '@opentelemetry/api';
import { RandomIdGenerator } from '@opentelemetry/sdk-trace-base';

interface Sequence {
  readonly seed: string;
  made: number;
}

const SEQUENCE = createContextKey('ids of the spans of one attempt');

/** Length of a span id, in hex digits. */
const ID_LENGTH = 16;

/**
 * Random ids, except inside of an {@link inAttempt} context: there the n-th span's id is {@link attemptSpanId},
 * which anybody can make again who knows the attempt. So a trace can be repaired after the process that made its
 * spans has died with them.
 */
export class RepeatableIdGenerator extends RandomIdGenerator {
  override generateSpanId = (): string => {
    const sequence = context.active().getValue(SEQUENCE) as Sequence | undefined;
    return sequence === undefined ? randomSpanId() : spanIdOf(sequence.seed, sequence.made++);
  };
}

const random = new RandomIdGenerator();

function randomSpanId(): string {
  return random.generateSpanId();
}

/** The context in which one attempt of an activity makes its spans, one after the other. */
export function inAttempt(parent: Context, startActivityId: string, attempt: number): Context {
  return parent.setValue(SEQUENCE, { seed: seedOf(startActivityId, attempt), made: 0 } satisfies Sequence);
}

/** Whether the spans made in `parent` can be made again from the history. */
export function isInAttempt(parent: Context): boolean {
  return parent.getValue(SEQUENCE) !== undefined;
}

/**
 * Id of the n-th span of an attempt: 0 is `RunActivity`, 1 the first call that it makes.
 *
 * @param startActivityId id of the workflow's `StartActivity` span: it travels in the activity's header.
 * @param attempt from 1.
 */
export function attemptSpanId(startActivityId: string, attempt: number, n: number): string {
  return spanIdOf(seedOf(startActivityId, attempt), n);
}

function seedOf(startActivityId: string, attempt: number): string {
  return `${startActivityId}/${String(attempt)}`;
}

function spanIdOf(seed: string, n: number): string {
  return createHash('sha256')
    .update(`${seed}/${String(n)}`)
    .digest('hex')
    .slice(0, ID_LENGTH);
}
