import type { z } from 'zod';
import { ALL_STEPS } from '../domain/steps';
import type { StepPolicy } from '../saga/policy';
import { attempts, factor, firstAttempt, milliseconds } from './bounds';

/** The environment's name of each policy field, and what it may be. */
const POLICY_FIELDS: Readonly<Record<string, { field: keyof StepPolicy; schema: z.ZodType }>> = {
  TIMEOUT_MS: { field: 'timeoutMs', schema: milliseconds(1) },
  MAX_ATTEMPTS: { field: 'maxAttempts', schema: attempts(1) },
  BACKOFF_INITIAL_MS: { field: 'backoffInitialMs', schema: milliseconds(1) },
  BACKOFF_MAX_MS: { field: 'backoffMaxMs', schema: milliseconds(1) },
  BACKOFF_COEFFICIENT: { field: 'backoffCoefficient', schema: factor(1) },
  FIRST_ATTEMPT: { field: 'firstAttempt', schema: firstAttempt },
};

/**
 * `SAGA_STEP_<FIELD>_<STEP>` and `SAGA_COMPENSATION_<FIELD>_<COMPENSATION>`, for example
 * `SAGA_STEP_TIMEOUT_MS_PROCESS_PAYMENT=8000`.
 */
export function overrideVariables() {
  return ALL_STEPS.flatMap((step) =>
    (
      [
        ['STEP', step.name],
        ['COMPENSATION', step.compensation.name],
      ] as const
    ).flatMap(([type, name]) =>
      Object.entries(POLICY_FIELDS).map(([suffix, { field, schema }]) => ({
        variable: `SAGA_${type}_${suffix}_${name.toUpperCase()}`,
        name,
        field,
        schema,
      })),
    ),
  );
}

/** What the environment says of single steps and compensations, and every variable of those that says nonsense. */
export function policyOverrides(given: Readonly<Record<string, string | undefined>>): {
  byName: Record<string, Partial<StepPolicy>>;
  problems: string[];
} {
  const byName: Record<string, Partial<StepPolicy>> = {};
  const problems: string[] = [];
  for (const { variable, name, field, schema } of overrideVariables()) {
    const value = given[variable];
    if (value === undefined) continue;
    const parsed = schema.safeParse(value);
    if (parsed.success) byName[name] = { ...byName[name], [field]: parsed.data };
    else problems.push(`${variable}=${value}: ${parsed.error.issues[0]?.message ?? 'invalid'}`);
  }
  return { byName, problems };
}
