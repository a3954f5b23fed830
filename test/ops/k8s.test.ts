import { describe, expect, it } from '@jest/globals';
import type { IScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1';
import type { IHorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1';
import type { IConfigMap, ISecret, IService } from 'kubernetes-models/v1';
import { version } from '../../package.json';
import { configVariables, loadConfig } from '../../src/config/config';
import { CLOSING_GRACE_MS } from '../../src/http/closing';
import { PROBE_PATHS } from '../../src/http/http-app';
import { PART_NAMES } from '../../src/stack/start-part';
import { otlpTracesUrl } from '../../src/telemetry/otlp-exporter';
import { FORCE_AFTER_GRACE_MS } from '../../src/temporal/worker-options';
import { ORDERS_TASK_QUEUE } from '../../src/workflows/definitions';
import type { Manifest, Sources, Workload } from '../support/ops/kubernetes';
import {
  BUILD_FILE,
  imageVariables,
  manifestsIn,
  ofKind,
  readKustomization,
  SECRET_FILE,
  selects,
  variablesOf,
  workloadsAmong,
} from '../support/ops/kubernetes';
import { triggerSchema } from '../support/ops/kubernetes-schema';

const APPLIED = readKustomization().resources.flatMap((file) => manifestsIn(file));
const BUILD_ID = '4f1c2ab';
const MANIFESTS = [...APPLIED, ...manifestsIn(BUILD_FILE, BUILD_ID)];
const WORKLOADS = workloadsAmong(MANIFESTS).map((workload) => [workload.name, workload] as const);
const SCALED = ofKind<Manifest & IScaledObject>(MANIFESTS, 'ScaledObject');
const [SECRET] = ofKind<Manifest & ISecret>(manifestsIn(SECRET_FILE), 'Secret');
const FILLED_IN: Record<string, string> = {
  DATABASE_URL: 'postgres://orders:secret@postgresql:5432/orders',
  SERVICE_TOKEN: 'abc123'.repeat(8),
  PAYLOAD_KEYS: `k1:${Buffer.alloc(32, 7).toString('base64')}`,
  GATEWAY_JWT_SECRET: 'a secret of more than thirty-two characters',
  TEMPORAL_API_KEY: 'key',
};
const SOURCES: Sources = {
  configMaps: ofKind<Manifest & IConfigMap>(APPLIED, 'ConfigMap'),
  secret: { ...SECRET!, stringData: FILLED_IN },
};

/** What is neither ours, but belongs to the parts' environment. */
const OTHERS_VARIABLES = [
  'TEMPORAL_ADDRESS',
  'TEMPORAL_NAMESPACE',
  'TEMPORAL_API_KEY',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_RESOURCE_ATTRIBUTES',
];
/** What stopping takes on top, ms: the last spans and metrics are sent. */
const SENDING_MS = 10_000;

const given = ({ container }: Workload) => variablesOf(container, SOURCES);
const configOf = (workload: Workload) => loadConfig({ ...imageVariables(), ...given(workload) });
const partOf = ({ container }: Workload) => container.args?.join(' ') ?? '';
const services = ofKind<Manifest & IService>(APPLIED, 'Service');

/** Where a part listens, by its own variables. */
function portOf(workload: Workload): number | undefined {
  const { gateway, metricsPort, services: ports } = configOf(workload);
  const byPart: Record<string, number> = {
    ...Object.fromEntries(Object.entries(ports).map(([name, { port }]) => [name, port])),
    gateway: gateway.port,
    worker: metricsPort,
  };
  return byPart[partOf(workload)];
}

/** The one port of a workload's container, by its number and its name. */
function exposed({ container: { ports = [] } }: Workload) {
  expect(ports).toHaveLength(1);
  return ports[0]!;
}

describe('the parts on Kubernetes', () => {
  it('are all there are, and the workers of a build', () => {
    const parts = workloadsAmong(APPLIED).map((workload) => {
      expect(partOf(workload)).toBe(workload.name);
      return workload.name;
    });
    expect(parts.sort()).toEqual([...PART_NAMES].sort());
    expect(workloadsAmong(manifestsIn(BUILD_FILE)).map(partOf)).toEqual(['worker']);
  });

  it('run the image that the kustomization names, of this version', () => {
    const { images } = readKustomization();
    expect(workloadsAmong(APPLIED).map(({ container }) => container.image)).toEqual(
      PART_NAMES.map(() => images[0]!.name),
    );
    expect(images).toMatchObject([{ newTag: version }]);
    const [build] = workloadsAmong(manifestsIn(BUILD_FILE, BUILD_ID));
    expect(build!.container.image).toBe(`${images[0]!.newName}:${BUILD_ID}`);
  });

  it.each(WORKLOADS)('%s has variables that the configuration knows and takes', (_name, workload) => {
    const values = JSON.stringify(workload.container.env);
    const known = new Set([...configVariables(), ...OTHERS_VARIABLES]);
    const unknown = Object.keys(given(workload)).filter(
      (name) => !known.has(name) && !values.includes(`$(${name})`),
    );
    expect(unknown).toEqual([]);
    const { services: found } = configOf(workload);
    for (const [name, { url, port }] of Object.entries(found))
      expect(url).toBe(`http://${name}:${String(port)}`);
    expect(otlpTracesUrl(given(workload))).toMatch(/^http:\/\/otel-collector\..*:4318\/v1\/traces$/);
    expect(given(workload)['OTEL_RESOURCE_ATTRIBUTES']).toBe('service.instance.id=<metadata.name>');
  });

  it.each(WORKLOADS)('%s does not start with the Secret as it is in the example', (_name, workload) => {
    const unfilled = variablesOf(workload.container, { ...SOURCES, secret: SECRET! });
    expect(given(workload)['SERVICE_TOKEN']).toBe(FILLED_IN['SERVICE_TOKEN']);
    // What listens beyond its pod wants a token; what keeps anything, a database.
    if (partOf(workload) === 'worker') expect(unfilled['SERVICE_TOKEN']).toBe('');
    else expect(() => loadConfig({ ...imageVariables(), ...unfilled })).toThrow('DATABASE_URL=fill in');
  });

  it('are told of the Secret what they need, and all of it is needed', () => {
    const needed = new Map(
      workloadsAmong(APPLIED).map(({ name, container: { env = [] } }) => [
        name,
        env.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef?.key ?? []).sort(),
      ]),
    );
    const ofService = ['DATABASE_URL', 'SERVICE_TOKEN'];
    const ofClient = ['PAYLOAD_KEYS', 'SERVICE_TOKEN', 'TEMPORAL_API_KEY'];
    expect(Object.fromEntries(needed)).toEqual({
      order: ofService,
      inventory: ofService,
      payment: ofService,
      shipping: ofService,
      worker: ofClient,
      gateway: [...ofClient, 'DATABASE_URL', 'GATEWAY_JWT_SECRET'].sort(),
    });
    expect(Object.keys(SECRET!.stringData!).sort()).toEqual(Object.keys(FILLED_IN).sort());
  });

  it.each(WORKLOADS)('%s is asked where it listens, and for what it answers', (_name, workload) => {
    const { name, containerPort } = exposed(workload);
    expect(containerPort).toBe(portOf(workload));
    const { startupProbe, livenessProbe, readinessProbe } = workload.container;
    const paths = [startupProbe, livenessProbe, readinessProbe].map((probe) => probe?.httpGet?.path ?? '');
    expect(paths).toEqual(['/healthz', '/healthz', '/readyz']);
    expect(paths.filter((path) => !PROBE_PATHS.has(path))).toEqual([]);
    for (const probe of [startupProbe, livenessProbe, readinessProbe])
      expect(probe?.httpGet?.port).toBe(name);
  });

  it.each(WORKLOADS)('%s has the time that stopping takes', (_name, workload) => {
    const { worker, gateway } = configOf(workload);
    const pauseMs = (workload.container.lifecycle?.preStop?.sleep?.seconds ?? 0) * 1_000;
    const stoppingMs: Record<string, number> = {
      worker: worker.shutdownGraceMs + FORCE_AFTER_GRACE_MS,
      gateway: gateway.drainMs + CLOSING_GRACE_MS,
    };
    const neededMs = (stoppingMs[partOf(workload)] ?? pauseMs + CLOSING_GRACE_MS) + SENDING_MS;
    expect(workload.pod.terminationGracePeriodSeconds! * 1_000).toBeGreaterThan(neededMs);
    if (partOf(workload) !== 'worker')
      expect(Math.max(pauseMs, gateway.drainMs)).toBeGreaterThanOrEqual(5_000);
  });

  it.each(WORKLOADS)('%s may do nothing that it need not', (_name, { pod, container }) => {
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
    });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  it.each(WORKLOADS)('%s may write where it has to, each pod for itself', (_name, workload) => {
    const { pod, container } = workload;
    const mounts = Object.fromEntries(
      (container.volumeMounts ?? []).map(({ name, mountPath }) => [mountPath, name]),
    );
    const { dataDir, traceStore, traceSweep } = configOf(workload);
    expect(Object.keys(mounts).sort()).toEqual(traceStore ? [dataDir, '/tmp'] : ['/tmp']);
    const volumes = pod.volumes ?? [];
    expect(volumes.map(({ name }) => name).sort()).toEqual(Object.values(mounts).sort());
    for (const { emptyDir } of volumes) expect(emptyDir?.sizeLimit).toMatch(/^\d+[MG]i$/);
    expect(traceSweep.intervalMs).toBe(0);
  });

  it.each(WORKLOADS)("%s does not take Kubernetes' variables for its own", (_name, { pod }) => {
    expect(() => loadConfig({ GATEWAY_PORT: 'tcp://10.0.0.1:80' })).toThrow('GATEWAY_PORT');
    expect(pod.enableServiceLinks).toBe(false);
  });

  it.each(WORKLOADS)(
    '%s says what it takes: CPU without a limit, memory with one',
    (_name, { container }) => {
      const { requests, limits } = container.resources ?? {};
      expect(Object.keys(requests ?? {})).toEqual(expect.arrayContaining(['cpu', 'memory']));
      expect(Object.keys(limits ?? {})).toEqual(['memory']);
    },
  );
});

describe('who means whom', () => {
  it('is one workload for each selector, and its own', () => {
    const budgets = ofKind<Manifest & IPodDisruptionBudget>(MANIFESTS, 'PodDisruptionBudget');
    const selectors = [
      ...WORKLOADS.map(([name, { selector }]) => ({ name, selector })),
      ...WORKLOADS.flatMap(([name, { pod }]) =>
        (pod.topologySpreadConstraints ?? []).map(({ labelSelector }) => ({
          name,
          selector: labelSelector?.matchLabels ?? {},
        })),
      ),
      ...budgets.map(({ metadata, spec }) => ({
        name: metadata.name,
        selector: spec?.selector?.matchLabels ?? {},
      })),
      ...services.map(({ metadata, spec }) => ({ name: metadata.name, selector: spec?.selector ?? {} })),
    ];
    expect(selectors).toHaveLength(3 * WORKLOADS.length + services.length);
    for (const { name, selector } of selectors) {
      const meant = WORKLOADS.filter(([, { labels }]) => selects(selector, labels)).map(([other]) => other);
      expect({ name, meant }).toEqual({ name, meant: [name] });
    }
  });

  it('is a Service for whoever is called, at the port that its callers have', () => {
    expect(services.map(({ metadata }) => metadata.name).sort()).toEqual(
      PART_NAMES.filter((part) => part !== 'worker').sort(),
    );
    for (const { metadata, spec } of services) {
      const workload = WORKLOADS.find(([name]) => name === metadata.name)![1];
      const port = metadata.name === 'gateway' ? 80 : portOf(workload);
      expect(spec?.ports).toEqual([{ name: 'http', port, targetPort: exposed(workload).name }]);
    }
  });

  it('is an autoscaler for each Deployment, which then asks for no number itself', () => {
    const targets = [
      ...ofKind<Manifest & IHorizontalPodAutoscaler>(MANIFESTS, 'HorizontalPodAutoscaler').map(({ spec }) => {
        expect(spec?.scaleTargetRef).toMatchObject({ apiVersion: 'apps/v1', kind: 'Deployment' });
        expect(spec?.minReplicas).toBeGreaterThan(1);
        return spec?.scaleTargetRef.name;
      }),
      ...SCALED.map(({ spec }) => {
        expect(spec.minReplicaCount).toBeGreaterThan(1);
        return spec.scaleTargetRef.name;
      }),
    ];
    expect(targets.sort()).toEqual(WORKLOADS.map(([name]) => name).sort());
    expect(WORKLOADS.filter(([, { spec }]) => spec.replicas !== undefined)).toEqual([]);
  });

  it.each(SCALED.map((scaled) => [scaled.metadata.name, scaled] as const))(
    'of %s, is the backlog of the queue that its pods work on, and what they work on at a time',
    (name, { spec }) => {
      const workload = WORKLOADS.find(([other]) => other === name)![1];
      const { worker } = configOf(workload);
      const variables = given(workload);
      const triggers = spec.triggers.map((trigger) => triggerSchema.parse(trigger));
      expect(triggers.map(({ type }) => type)).toEqual(['temporal', 'cpu']);
      expect(triggers[0]?.metadata).toEqual({
        endpointFromEnv: 'TEMPORAL_ADDRESS',
        namespace: variables['TEMPORAL_NAMESPACE'],
        taskQueue: ORDERS_TASK_QUEUE,
        queueTypes: 'workflow,activity',
        targetQueueSize: String(worker.maxConcurrentWorkflowTasks),
        ...(worker.version !== undefined && {
          workerDeploymentName: worker.version.deploymentName,
          workerDeploymentBuildId: worker.version.buildId,
        }),
      });
      expect(variables['TEMPORAL_ADDRESS']).toMatch(/:7233$/);
    },
  );
});
