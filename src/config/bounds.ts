import { z } from 'zod';

export const milliseconds = (fallback: number) =>
  z.coerce.number().int().min(1).max(86_400_000).default(fallback);
export const attempts = (fallback: number) => z.coerce.number().int().min(1).max(1000).default(fallback);
export const factor = (fallback: number) => z.coerce.number().min(1).max(10).default(fallback);
export const firstAttempt = z.enum(['local', 'remote']).default('remote');
