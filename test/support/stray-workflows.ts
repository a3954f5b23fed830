import { sleep } from '@temporalio/workflow';

/** Leaves a promise that is rejected, and that nobody looks at. */
export async function stray(): Promise<void> {
  void Promise.reject(new Error('left alone'));
  await sleep(60_000);
}

export function fine(): Promise<string> {
  return Promise.resolve('fine');
}
