type Given = Readonly<Record<string, string | undefined>>;

const SECRETS: ReadonlySet<string> = new Set([
  'GATEWAY_JWT_SECRET',
  'SERVICE_TOKEN',
  'CODEC_TOKEN',
  'PAYLOAD_KEYS',
]);

/** The value of a wrong variable, for its owner to recognise; a secret stays one, and so does a URL's password. */
export function shown(name: string, given: Given): string {
  return SECRETS.has(name) ? '…' : (given[name] ?? '').replace(/\/\/.*@/, '//…@');
}

/** Variables that are right, each for itself, and do not go together. */
export function contradictions(given: Given): string[] {
  const isSet = (name: string) => given[name] !== undefined;
  const problems: string[] = [];
  if (isSet('GATEWAY_JWKS_URL') && isSet('GATEWAY_JWT_SECRET')) {
    problems.push('GATEWAY_JWKS_URL, GATEWAY_JWT_SECRET: set one of them, not both');
  }
  if (isSet('WORKER_DEPLOYMENT_NAME') !== isSet('WORKER_BUILD_ID')) {
    problems.push('WORKER_DEPLOYMENT_NAME, WORKER_BUILD_ID: set both of them, or none');
  }
  if (given['FAULTS'] === 'on' && given['NODE_ENV'] === 'production') {
    problems.push('FAULTS=on: not in production (NODE_ENV=production)');
  }
  if (given['WORKFLOW_STACK_TRACES'] === 'on' && isSet('WORKFLOW_BUNDLE')) {
    problems.push(
      'WORKFLOW_STACK_TRACES=on: the bundle of WORKFLOW_BUNDLE was made without; unset that, or leave it empty',
    );
  }
  return problems;
}
