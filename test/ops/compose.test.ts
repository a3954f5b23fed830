import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseEnv } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { configVariables, loadConfig } from '../../src/config/config';
import { isPartName, PART_NAMES } from '../../src/stack/start-part';
import { otlpTracesUrl } from '../../src/telemetry/otlp-exporter';
import type { ComposeService } from '../support/ops/compose';
import { COMPOSE_DIRECTORY, readComposition, schemaErrors, variablesOf } from '../support/ops/compose';
import { inRepository, readText, readYaml } from '../support/ops/paths';

const FILE = `${COMPOSE_DIRECTORY}/docker-compose.yml`;
const EXAMPLE = parseEnv(readText(`${COMPOSE_DIRECTORY}/.env.example`)) as Record<string, string>;
const FILLED_IN = Object.fromEntries(
  Object.entries(EXAMPLE).map(([name, value]) => [
    name,
    /_(PASSWORD|TOKEN)$/.test(name) ? 'abc123'.repeat(8) : value,
  ]),
);
const COMPOSITION = readComposition(FILLED_IN);
const SERVICES = Object.entries(COMPOSITION.services);
const PARTS = SERVICES.filter(([, { build }]) => build !== undefined);

/** What is neither ours nor given in `TEMPORAL_*` and `OTEL_*`, but belongs to the parts' environment. */
const OTHERS_VARIABLES = new Set([
  'TEMPORAL_ADDRESS',
  'TEMPORAL_NAMESPACE',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
]);

/** Where each part answers, by the composition's own variables. */
function listening(service: ComposeService): Record<string, number> {
  const { gateway, metricsPort, services } = loadConfig(service.environment);
  return {
    ...Object.fromEntries(Object.entries(services).map(([name, { port }]) => [name, port])),
    gateway: gateway.port,
    worker: metricsPort,
  };
}

const sourcesOf = ({ volumes = [] }: ComposeService) => volumes.map((volume) => volume.split(':')[0]!);
const dependenciesOf = ({ depends_on: on = [] }: ComposeService) =>
  Array.isArray(on) ? (on as readonly string[]) : Object.keys(on);

describe('the composition', () => {
  it('is one by the Compose specification', () => {
    expect(schemaErrors(COMPOSITION)).toEqual([]);
    expect(schemaErrors({ ...COMPOSITION, services: { x: { imagine: 'x' } as never } })).not.toEqual([]);
  });

  it('runs every part, and the CLI', () => {
    const commands = PARTS.filter(([, { profiles }]) => profiles === undefined).map(([name, { command }]) => {
      expect(command).toEqual([name]);
      return name;
    });
    expect(commands.sort()).toEqual([...PART_NAMES].sort());
    expect(PARTS.filter(([name]) => !isPartName(name)).map(([name]) => name)).toEqual(['cli']);
  });

  it.each(PARTS)('gives %s variables that the configuration knows and takes', (_name, service) => {
    const { environment = {} } = service;
    const known = new Set([...configVariables(), ...OTHERS_VARIABLES]);
    expect(Object.keys(environment).filter((variable) => !known.has(variable))).toEqual([]);
    const { services, databaseUrl } = loadConfig(environment);
    expect(databaseUrl).toContain('@postgresql:5432/');
    const ports = listening(service);
    for (const [name, { url }] of Object.entries(services)) {
      expect(url).toBe(`http://${name}:${String(ports[name])}`);
    }
    expect(otlpTracesUrl(environment)).toBe(environment['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']);
  });

  it('refuses to start a gateway that everybody could use', () => {
    const { environment = {} } = COMPOSITION.services['gateway']!;
    const { gateway } = loadConfig(environment);
    expect(gateway).toMatchObject({ insecure: false, auth: undefined });
    const secret = 'a secret of more than thirty-two characters';
    const withSecret = readComposition({ ...FILLED_IN, GATEWAY_JWT_SECRET: secret }).services['gateway']!;
    expect(loadConfig(withSecret.environment).gateway.auth).toMatchObject({ key: { secret } });
  });

  it('has services that want a credential, which every caller has', () => {
    for (const [name, { environment = {} }] of PARTS) {
      const { tokens, insecure } = loadConfig(environment).serviceAccess;
      expect({ name, insecure, accepted: tokens?.accept(`Bearer ${FILLED_IN['SERVICE_TOKEN']!}`) }).toEqual({
        name,
        insecure: false,
        accepted: true,
      });
    }
  });

  it('has its variables explained, each and no other', () => {
    const used = variablesOf(readText(FILE));
    const explained = Object.keys(EXAMPLE).filter((name) => !name.startsWith('COMPOSE_'));
    expect(explained.sort()).toEqual(used.sort());
    expect(() => readComposition(EXAMPLE)).toThrow('PASSWORD');
  });

  it('names files, volumes and services that there are', () => {
    const files = SERVICES.flatMap(([, service]) => [
      ...sourcesOf(service).filter((source) => source.startsWith('.')),
      ...(service.build === undefined ? [] : [path.join(service.build.context, service.build.dockerfile)]),
    ]);
    expect(files.length).toBeGreaterThan(10);
    expect(files.filter((file) => !existsSync(inRepository(path.join(COMPOSE_DIRECTORY, file))))).toEqual([]);

    const volumes = SERVICES.flatMap(([, service]) =>
      sourcesOf(service).filter((source) => !source.startsWith('.')),
    );
    expect([...new Set(volumes)].sort()).toEqual(Object.keys(COMPOSITION.volumes).sort());

    const dependencies = SERVICES.flatMap(([, service]) => dependenciesOf(service));
    expect(dependencies.filter((name) => !(name in COMPOSITION.services))).toEqual([]);
  });

  it('publishes ports on this machine alone, and no port twice', () => {
    const published = SERVICES.flatMap(([, { ports = [] }]) => ports);
    expect(published.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
    const hostPorts = published.map((port) => port.split(':')[1]);
    expect(hostPorts).toEqual([...new Set(hostPorts)]);
  });

  it('runs a version of each image, not whatever is newest', () => {
    const images = SERVICES.filter(([, { build }]) => build === undefined).map(([, { image }]) => image);
    expect(images.filter((image) => !/:v?\d+\.\d+/.test(image))).toEqual([]);
  });

  it('lets Prometheus find every part, the Alertmanager, and Grafana find Prometheus', () => {
    const targets = readYaml(`${COMPOSE_DIRECTORY}/prometheus/targets.yml`) as {
      targets: string[];
      labels: { part: string };
    }[];
    const found = Object.fromEntries(targets.map(({ targets: [address], labels }) => [labels.part, address]));
    const ports = listening(COMPOSITION.services['worker']!);
    expect(found).toEqual(
      Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, `${name}:${String(port)}`])),
    );
    expect(readYaml(`${COMPOSE_DIRECTORY}/prometheus/alertmanagers.yml`)).toEqual([
      { targets: ['alertmanager:9093'] },
    ]);
    const { grafana, prometheus, alertmanager } = COMPOSITION.services;
    expect(grafana!.environment!['PROMETHEUS_URL']).toBe('http://prometheus:9090');
    expect(prometheus!.ports).toEqual(['127.0.0.1:9090:9090']);
    expect(alertmanager!.ports).toEqual(['127.0.0.1:9093:9093']);
  });

  it('leads the spans from the parts through the collector to Jaeger', () => {
    const collector = readYaml(`${COMPOSE_DIRECTORY}/otel-collector.yml`) as {
      receivers: { otlp: { protocols: { http: { endpoint: string } } } };
      exporters: Record<string, { endpoint: string }>;
    };
    const jaeger = readYaml(`${COMPOSE_DIRECTORY}/jaeger.yml`) as {
      receivers: { otlp: { protocols: { grpc: { endpoint: string } } } };
      extensions: { jaeger_query: { http: { endpoint: string } } };
    };
    const portOf = (endpoint: string) => endpoint.split(':').at(-1)!;
    const { http } = collector.receivers.otlp.protocols;
    const [worker] = PARTS.filter(([name]) => name === 'worker').map(([, { environment }]) => environment!);
    expect(new URL(worker!['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']!).host).toBe(
      `otel-collector:${portOf(http.endpoint)}`,
    );
    const { grpc } = jaeger.receivers.otlp.protocols;
    expect(Object.values(collector.exporters).map(({ endpoint }) => endpoint)).toEqual([
      `jaeger:${portOf(grpc.endpoint)}`,
    ]);
    const ui = portOf(jaeger.extensions.jaeger_query.http.endpoint);
    expect(COMPOSITION.services['jaeger']!.ports).toEqual([`127.0.0.1:${ui}:${ui}`]);
  });
});
