import { z } from 'zod';
import { readText } from './paths';

export const DASHBOARD = 'ops/grafana/dashboards/orders.json';

/** Chosen when somebody imports the dashboard, so that it fits every Grafana. */
const prometheus = z.strictObject({ type: z.literal('prometheus'), uid: z.literal('${datasource}') });

const target = z.strictObject({
  refId: z.string().regex(/^[A-Z]$/),
  datasource: prometheus,
  expr: z.string().min(1),
  legendFormat: z.string(),
});

const gridPos = z
  .strictObject({
    h: z.int().min(1),
    w: z.int().min(1).max(24),
    x: z.int().min(0).max(23),
    y: z.int().min(0),
  })
  .refine(({ x, w }) => x + w <= 24, 'beyond the right edge');

const thresholds = z.strictObject({
  mode: z.literal('absolute'),
  steps: z
    .array(z.strictObject({ color: z.string(), value: z.number().nullable() }))
    .min(2)
    .refine(([first]) => first?.value === null, 'the first step has no value'),
});

const unit = z.enum(['none', 's', 'ms', 'percentunit', 'ops', 'reqps']);

const field = z.strictObject({
  unit,
  min: z.number().optional(),
  max: z.number().optional(),
  decimals: z.int().optional(),
  noValue: z.string().optional(),
  color: z.strictObject({ mode: z.enum(['thresholds', 'palette-classic']) }),
  thresholds: thresholds.optional(),
  mappings: z.array(z.never()).optional(),
  custom: z.record(z.string(), z.unknown()).optional(),
});

const panel = z.strictObject({
  id: z.int().min(1),
  type: z.enum(['stat', 'timeseries']),
  title: z.string().min(1),
  description: z.string(),
  datasource: prometheus,
  gridPos,
  fieldConfig: z.strictObject({ defaults: field, overrides: z.array(z.never()) }),
  options: z.record(z.string(), z.unknown()),
  targets: z
    .array(target)
    .min(1)
    .refine(
      (targets) => new Set(targets.map(({ refId }) => refId)).size === targets.length,
      'a refId twice in a panel',
    ),
});

const row = z.strictObject({
  id: z.int().min(1),
  type: z.literal('row'),
  title: z.string().min(1),
  collapsed: z.literal(false),
  gridPos,
  panels: z.array(z.never()),
});

const variable = z
  .looseObject({ name: z.string().regex(/^\w+$/), type: z.enum(['datasource', 'query', 'textbox']) })
  .refine(({ type, query }) => type !== 'datasource' || query === 'prometheus', 'another data source');

/**
 * What Grafana's schema (version 39) wants of a dashboard like this one, and nothing else: a misspelt field is an
 * error here, where Grafana would ignore it.
 */
const dashboardSchema = z.strictObject({
  /** Grafana gives it one. */
  id: z.null(),
  uid: z.string().regex(/^[\w-]{1,40}$/),
  title: z.string().min(1),
  description: z.string(),
  tags: z.array(z.string()),
  schemaVersion: z.literal(39),
  version: z.int(),
  editable: z.boolean(),
  graphTooltip: z.literal([0, 1, 2]),
  timezone: z.string(),
  refresh: z.string().regex(/^\d+[sm]$/),
  time: z.strictObject({ from: z.string(), to: z.string() }),
  links: z.array(z.looseObject({ title: z.string(), type: z.literal('link'), url: z.string() })),
  annotations: z.strictObject({
    list: z.array(
      z.looseObject({
        name: z.string(),
        enable: z.boolean(),
        datasource: z.union([prometheus, z.strictObject({ type: z.literal('grafana'), uid: z.string() })]),
        expr: z.string().optional(),
      }),
    ),
  }),
  templating: z.strictObject({ list: z.array(variable) }),
  panels: z.array(
    z.discriminatedUnion('type', [
      row,
      panel.extend({ type: z.literal('stat') }),
      panel.extend({ type: z.literal('timeseries') }),
    ]),
  ),
});

export type Dashboard = z.output<typeof dashboardSchema>;

/** The dashboard. @throws ZodError naming everything that Grafana would not understand. */
export function readDashboard(): Dashboard {
  return dashboardSchema.parse(JSON.parse(readText(DASHBOARD)));
}

/** Every query of the dashboard, as Grafana wrote it and as Prometheus gets it. */
export function queriesOf(dashboard: Dashboard): { readonly where: string; readonly expr: string }[] {
  const ofPanels = dashboard.panels.flatMap((each) =>
    each.type === 'row'
      ? []
      : each.targets.map(({ refId, expr }) => ({ where: `${each.title} ${refId}`, expr: filledIn(expr) })),
  );
  const ofAnnotations = dashboard.annotations.list.flatMap(({ name, expr }) =>
    expr === undefined ? [] : [{ where: name, expr: filledIn(expr) }],
  );
  return [...ofPanels, ...ofAnnotations];
}

/** With Grafana's variables in it. */
function filledIn(expr: string): string {
  return expr.replaceAll('$__rate_interval', '1m').replaceAll('$saga_name', '.*');
}
