import { ScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1';
import { Deployment } from 'kubernetes-models/apps/v1';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { ConfigMap, Namespace, Secret, Service } from 'kubernetes-models/v1';
import { z } from 'zod';

/** What Kubernetes' OpenAPI schema (1.33), and KEDA's of its own resources, say of each kind that is used here. */
const MODELS: readonly { apiVersion: string; kind: string; prototype: { validate(): void } }[] = [
  ConfigMap,
  Deployment,
  HorizontalPodAutoscaler,
  Namespace,
  PodDisruptionBudget,
  ScaledObject,
  Secret,
  Service,
];

/** What the validators throw. */
const validationErrorSchema = z.object({
  errors: z.array(z.object({ instancePath: z.string(), message: z.string() })),
});

/**
 * What is wrong with one Kubernetes object by its schema, each with the path to it: a wrong type or form, a missing field,
 * and a field that there is not, which Kubernetes itself would drop with a warning.
 */
export function manifestErrors(manifest: object): string[] {
  const { apiVersion, kind } = manifest as { apiVersion?: unknown; kind?: unknown };
  const model = MODELS.find((each) => each.apiVersion === apiVersion && each.kind === kind);
  if (model === undefined) return [`there is no ${String(kind)} of ${String(apiVersion)}`];
  const read = new Set<string>();
  return [
    ...violations(() => {
      model.prototype.validate.call(watched(manifest, '', read));
    }),
    ...pathsOf(manifest)
      .filter((path) => !read.has(path))
      .map((path) => `${path} is no field`),
  ];
}

function violations(validate: () => void): string[] {
  try {
    validate();
    return [];
  } catch (error) {
    const known = validationErrorSchema.safeParse(error).data;
    if (known === undefined) throw error;
    return known.errors.map(({ instancePath, message }) => `${instancePath} ${message}`);
  }
}

/**
 * `value`, noting in `read` the path of everything that is looked at. The schemas forbid no further fields, but the
 * validators are compiled from them, and look at every field that they know and at no other.
 */
function watched(value: unknown, path: string, read: Set<string>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const copy: object = Array.isArray(value) ? [] : {};
  for (const [key, each] of Object.entries(value)) {
    Object.assign(copy, { [key]: watched(each, `${path}/${key}`, read) });
  }
  return new Proxy(copy, {
    get: (target, key): unknown => {
      read.add(`${path}/${String(key)}`);
      return Reflect.get(target, key);
    },
  });
}

/** The paths of everything in `value`. */
function pathsOf(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => [
    `${path}/${key}`,
    ...pathsOf(each, `${path}/${key}`),
  ]);
}

const count = z.string().regex(/^\d+$/);

/**
 * The triggers that are used here, by KEDA's documentation (2.20): its own schema takes any metadata, and its scalers ignore
 * what they do not know.
 */
export const triggerSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('temporal'),
    metadata: z
      .strictObject({
        endpoint: z.string().optional(),
        endpointFromEnv: z.string().optional(),
        namespace: z.string(),
        taskQueue: z.string(),
        queueTypes: z.string().regex(/^(workflow|activity)(,(workflow|activity))*$/),
        targetQueueSize: count,
        activationTargetQueueSize: count.optional(),
        workerDeploymentName: z.string().optional(),
        workerDeploymentBuildId: z.string().optional(),
        minConnectTimeout: count.optional(),
        unsafeSsl: z.enum(['true', 'false']).optional(),
        tlsServerName: z.string().optional(),
      })
      .refine(
        ({ endpoint, endpointFromEnv }) => (endpoint === undefined) !== (endpointFromEnv === undefined),
        'either endpoint or endpointFromEnv',
      )
      .refine(
        ({ workerDeploymentName: name, workerDeploymentBuildId: id }) =>
          (name === undefined) === (id === undefined),
        'a deployment with its build, or neither',
      ),
  }),
  z.strictObject({
    type: z.literal('cpu'),
    metricType: z.literal('Utilization'),
    metadata: z.strictObject({ value: count }),
  }),
]);
