import { describe, expect, it } from '@jest/globals';
import type { IScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1';
import { loadConfig } from '../../src/config/config';
import type { Manifest } from '../support/ops/kubernetes';
import {
  BUILD_FILE,
  kubernetesFiles,
  KUSTOMIZATION_FILE,
  manifestsIn,
  ofKind,
  readKustomization,
  SECRET_FILE,
} from '../support/ops/kubernetes';
import { manifestErrors, triggerSchema } from '../support/ops/kubernetes-schema';

const FILES = kubernetesFiles().filter((file) => file !== KUSTOMIZATION_FILE);
const BUILD_ID = '4f1c2ab';
const MANIFESTS = FILES.flatMap((file) => manifestsIn(file));
const TRIGGERS = ofKind<Manifest & IScaledObject>(MANIFESTS, 'ScaledObject').flatMap(
  ({ spec }) => spec.triggers,
);

/** `value` again and again, each time with one thing in it changed; `change` says to what. */
function* variants(value: unknown, change: (each: unknown) => unknown): Generator {
  const other = change(value);
  if (other !== undefined) yield other;
  if (typeof value !== 'object' || value === null) return;
  for (const [key, each] of Object.entries(value)) {
    for (const variant of variants(each, change)) {
      yield Array.isArray(value) ? value.with(Number(key), variant) : { ...value, [key]: variant };
    }
  }
}

/** With a field that there is not; where any name will do, with a value that will not. */
const withMore = (value: unknown) =>
  typeof value === 'object' && !Array.isArray(value) ? { ...value, imagine: { x: 1 } } : undefined;

const withoutType = (value: unknown) => {
  if (typeof value === 'object') return undefined;
  return typeof value === 'boolean' ? 'yes' : true;
};

const unseen = (changes: Iterable<unknown>) =>
  [...changes].filter((changed) => manifestErrors(changed as Manifest).length === 0);

describe('the manifests', () => {
  it.each(FILES)('in %s are what Kubernetes and KEDA take', (file) => {
    expect(manifestsIn(file).flatMap(manifestErrors)).toEqual([]);
  });

  it('are applied, each file of them, but for the Secret and what is made by hand', () => {
    const { resources, namespace } = readKustomization();
    expect([...resources, SECRET_FILE, BUILD_FILE].sort()).toEqual(FILES);
    expect(ofKind(MANIFESTS, 'Namespace').map(({ metadata }) => metadata.name)).toEqual([namespace]);
    for (const file of [SECRET_FILE, BUILD_FILE]) {
      const namespaces = manifestsIn(file).map(({ metadata }) => metadata.namespace);
      expect(new Set(namespaces)).toEqual(new Set([namespace]));
    }
  });

  it('have a name each, which no other of their kind has', () => {
    const names = MANIFESTS.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(names).toEqual([...new Set(names)]);
    // What Kubernetes wants of the strictest: a Service's, and a pod's host name.
    expect(
      MANIFESTS.filter(({ metadata }) => !/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/.test(metadata.name)),
    ).toEqual([]);
  });

  it('make a build of any id, also of one that YAML reads as a number', () => {
    for (const id of ['4f1c2ab', '1234567', '12e4567', 'null', 'true']) {
      expect(manifestsIn(BUILD_FILE, id).flatMap(manifestErrors)).toEqual([]);
    }
  });

  it('know the triggers that they scale by', () => {
    expect(TRIGGERS.length).toBeGreaterThan(0);
    for (const trigger of TRIGGERS) expect(triggerSchema.parse(trigger)).toEqual(trigger);
  });
});

describe('a mistake in them', () => {
  it('is found wherever a field stands that there is not', () => {
    expect(MANIFESTS.flatMap((manifest) => unseen(variants(manifest, withMore)))).toEqual([]);
  });

  it('is found wherever a value is of another type', () => {
    expect(MANIFESTS.flatMap((manifest) => unseen(variants(manifest, withoutType)))).toEqual([]);
  });

  it('is found in a trigger, of which KEDA takes everything', () => {
    const passed = TRIGGERS.flatMap((trigger) =>
      [...variants(trigger, withMore), ...variants(trigger, withoutType)].filter(
        (changed) => triggerSchema.safeParse(changed).success,
      ),
    );
    expect(passed).toEqual([]);
  });
});

describe('what stands in them more than once', () => {
  const plain = (manifests: readonly Manifest[], replace: readonly (readonly [string, string])[]) =>
    replace.reduce((text, [from, to]) => text.replaceAll(from, to), JSON.stringify(manifests));

  it.each(['inventory', 'payment', 'shipping'])('is the same for %s as for the order service', (name) => {
    const port = String(loadConfig({}).services[name as 'inventory'].port);
    const own = plain(manifestsIn(`${name}.yaml`), [
      [`"${name}"`, '"order"'],
      [port, '3001'],
    ]);
    expect(JSON.parse(own)).toEqual(manifestsIn('order.yaml'));
  });

  it('is the same for the workers of a build as for those of none, but for the build', () => {
    const { images, namespace } = readKustomization();
    const build = JSON.parse(
      plain(manifestsIn(BUILD_FILE, BUILD_ID), [
        [`"worker-${BUILD_ID}"`, '"worker"'],
        [`"${images[0]!.newName}:${BUILD_ID}"`, `"${images[0]!.name}"`],
        [`"durable-orders/build":"${BUILD_ID}"`, '"durable-orders/build":"unversioned"'],
        [`,"namespace":"${namespace}"`, ''],
        [
          `,{"name":"WORKER_DEPLOYMENT_NAME","value":"orders"},{"name":"WORKER_BUILD_ID","value":"${BUILD_ID}"}`,
          '',
        ],
        [`,"workerDeploymentName":"orders","workerDeploymentBuildId":"${BUILD_ID}"`, ''],
      ]),
    ) as unknown;
    expect(build).toEqual(manifestsIn('worker.yaml'));
  });
});
