import { readdirSync } from 'node:fs';
import type { IDeployment } from 'kubernetes-models/apps/v1';
import type { IConfigMap, ISecret } from 'kubernetes-models/v1';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { stages } from './dockerfile';
import { inRepository, readText, readYaml } from './paths';

export const KUBERNETES_DIRECTORY = 'ops/k8s';
export const KUSTOMIZATION_FILE = 'kustomization.yaml';
/** Not applied with the rest: each says itself how it is used. */
export const SECRET_FILE = 'secret.example.yaml';
export const BUILD_FILE = 'worker-build.yaml';

/** What is read of any Kubernetes object here. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** Every file of the folder. */
export function kubernetesFiles(): string[] {
  return readdirSync(inRepository(KUBERNETES_DIRECTORY)).sort();
}

/** The objects in a file, anchors resolved; in the template of a build, those of the build `build`. */
export function manifestsIn(file: string, build = 'b7'): Manifest[] {
  const text = readText(`${KUBERNETES_DIRECTORY}/${file}`);
  return parseAllDocuments(file === BUILD_FILE ? text.replaceAll('@BUILD@', build) : text).map((document) => {
    if (document.errors.length > 0) throw new AggregateError(document.errors, file);
    return document.toJS() as Manifest;
  });
}

const kustomizationSchema = z.strictObject({
  apiVersion: z.literal('kustomize.config.k8s.io/v1beta1'),
  kind: z.literal('Kustomization'),
  namespace: z.string(),
  resources: z.array(z.string()),
  images: z.array(z.strictObject({ name: z.string(), newName: z.string(), newTag: z.string() })),
});

/** The kustomization; a field that this does not know is an error. */
export function readKustomization(): z.output<typeof kustomizationSchema> {
  return kustomizationSchema.parse(readYaml(`${KUBERNETES_DIRECTORY}/${KUSTOMIZATION_FILE}`));
}

/** The objects of one kind. */
export function ofKind<Found extends Manifest>(manifests: readonly Manifest[], kind: Found['kind']): Found[] {
  return manifests.filter((manifest): manifest is Found => manifest.kind === kind);
}

export type Labels = Readonly<Record<string, string>>;
export type PodSpec = NonNullable<NonNullable<IDeployment['spec']>['template']['spec']>;
export type Container = PodSpec['containers'][number];

/** A Deployment with the one container that its pods have. */
export interface Workload {
  readonly name: string;
  readonly selector: Labels;
  readonly labels: Labels;
  readonly spec: NonNullable<IDeployment['spec']>;
  readonly pod: PodSpec;
  readonly container: Container;
}

/** The Deployments among `manifests`. */
export function workloadsAmong(manifests: readonly Manifest[]): Workload[] {
  return ofKind<Manifest & IDeployment>(manifests, 'Deployment').map(({ metadata, spec }) => {
    const pod = spec?.template.spec;
    const [container, ...more] = pod?.containers ?? [];
    if (spec === undefined || pod === undefined || container === undefined || more.length > 0) {
      throw new Error(`${metadata.name} has not one container`);
    }
    return {
      name: metadata.name,
      selector: spec.selector.matchLabels ?? {},
      labels: spec.template.metadata?.labels ?? {},
      spec,
      pod,
      container,
    };
  });
}

/** Whether a selector chooses what has these labels. */
export function selects(selector: Labels, labels: Labels): boolean {
  const wanted = Object.entries(selector);
  return wanted.length > 0 && wanted.every(([name, value]) => labels[name] === value);
}

/** Where a container's variables come from. */
export interface Sources {
  readonly configMaps: readonly (Manifest & IConfigMap)[];
  /** The Secret, filled in. */
  readonly secret: Manifest & ISecret;
}

/** The variables that a container sets or is given, without the image's own. */
export function variablesOf(container: Container, { configMaps, secret }: Sources): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const { configMapRef } of container.envFrom ?? []) {
    const found = configMaps.find(({ metadata }) => metadata.name === configMapRef?.name);
    if (found === undefined) throw new Error(`there is no ConfigMap ${String(configMapRef?.name)}`);
    Object.assign(variables, found.data);
  }
  for (const { name, value, valueFrom } of container.env ?? []) {
    const { secretKeyRef, fieldRef } = valueFrom ?? {};
    const { [secretKeyRef?.key ?? '']: kept } = secret.stringData ?? {};
    if (secretKeyRef !== undefined && (secretKeyRef.name !== secret.metadata.name || kept === undefined)) {
      throw new Error(`${name}: there is no ${secretKeyRef.key} in ${String(secretKeyRef.name)}`);
    }
    variables[name] = value ?? kept ?? `<${String(fieldRef?.fieldPath)}>`;
  }
  // As Kubernetes does it: of what was set before.
  for (const [name, value] of Object.entries(variables)) {
    variables[name] = value.replaceAll(/\$\((\w+)\)/g, (whole, other: string) => variables[other] ?? whole);
  }
  return variables;
}

/** The variables that the image sets. */
export function imageVariables(): Record<string, string> {
  const argument = stages()
    .at(-1)!
    .filter(({ keyword }) => keyword === 'ENV')
    .map((each) => each.argument)
    .join(' ');
  return Object.fromEntries(argument.split(/\s+/).map((pair) => pair.split('=', 2) as [string, string]));
}
