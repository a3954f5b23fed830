import { ProblemError } from '../../http/problem';

/**
 * The result of `call`, or `provider_timeout` after `timeoutMs`, whether or not `call` heeds the signal. What
 * the provider does after that is unknown, and stays so until somebody asks it.
 */
export async function withinDeadline<Result>(
  timeoutMs: number,
  call: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const timeout = new ProblemError(
    'provider_timeout',
    `The payment provider did not answer within ${String(timeoutMs)} ms`,
  );
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      controller.abort(timeout);
      reject(timeout);
    }, timeoutMs);
  });
  try {
    return await Promise.race([call(controller.signal), expired]);
  } finally {
    clearTimeout(timer);
  }
}
