import { describe, expect, it } from '@jest/globals';
import { withinDeadline } from '../../../src/services/payment/deadline';

const never = () => new Promise<never>(() => undefined);

describe('a deadline', () => {
  it('lets a result and an error through', async () => {
    await expect(withinDeadline(60_000, () => Promise.resolve(1))).resolves.toBe(1);
    await expect(withinDeadline(60_000, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  });

  it('ends a call that does not heed the signal', async () => {
    await expect(withinDeadline(5, never)).rejects.toMatchObject({ code: 'provider_timeout' });
  });

  it('tells the call by the signal', async () => {
    let reason: unknown;
    const call = (signal: AbortSignal) => {
      signal.addEventListener('abort', () => {
        reason = signal.reason;
      });
      return never();
    };
    await expect(withinDeadline(5, call)).rejects.toMatchObject({ code: 'provider_timeout' });
    expect(reason).toMatchObject({ code: 'provider_timeout' });
  });
});
