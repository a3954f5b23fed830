export type Environment = Readonly<Record<string, string | undefined>>;

/** The variable's value; an empty one counts as unset, as OpenTelemetry has it. */
export function setting(environment: Environment, name: string): string | undefined {
  const value = environment[name];
  return value === '' ? undefined : value;
}
