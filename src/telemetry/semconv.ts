import { SAGA_ATTRIBUTES, TCC_ATTRIBUTES } from '../saga/semconv';

/**
 * Every span attribute name of the product, once. The HTTP, database, error and exception names are the stable
 * ones of OpenTelemetry's semantic conventions 1.45, written out here because workflow code imports this file
 * too, and the package's index costs every workflow instance its whole table of constants.
 */
export const ATTR = {
  // OpenTelemetry's own.
  dbCollectionName: 'db.collection.name',
  dbNamespace: 'db.namespace',
  dbOperationName: 'db.operation.name',
  dbQuerySummary: 'db.query.summary',
  dbQueryText: 'db.query.text',
  dbResponseStatusCode: 'db.response.status_code',
  dbSystemName: 'db.system.name',
  errorType: 'error.type',
  exceptionMessage: 'exception.message',
  exceptionType: 'exception.type',
  httpRequestMethod: 'http.request.method',
  httpResponseStatusCode: 'http.response.status_code',
  httpRoute: 'http.route',
  networkProtocolVersion: 'network.protocol.version',
  serverAddress: 'server.address',
  serverPort: 'server.port',
  serviceName: 'service.name',
  serviceVersion: 'service.version',
  urlFull: 'url.full',
  urlPath: 'url.path',
  urlScheme: 'url.scheme',

  // The order and its transaction.
  customerId: 'customer.id',
  itemsCount: 'items.count',
  orderAmount: 'order.amount',
  orderId: 'order.id',
  orderStatus: 'order.status',
  paymentAmount: 'payment.amount',
  paymentCurrency: 'payment.currency',
  sagaId: SAGA_ATTRIBUTES.id,
  sagaReconstructed: 'saga.reconstructed',
  sagaResult: SAGA_ATTRIBUTES.result,
  sagaStep: SAGA_ATTRIBUTES.step,
  sagaStepNumber: SAGA_ATTRIBUTES.stepNumber,
  sagaStepType: SAGA_ATTRIBUTES.stepType,
  sagaType: SAGA_ATTRIBUTES.type,
  tccId: TCC_ATTRIBUTES.id,
  tccPhase: TCC_ATTRIBUTES.phase,
  tccResult: TCC_ATTRIBUTES.result,

  // Temporal's: the first five as its interceptors write them.
  temporalActivityId: 'temporalActivityId',
  temporalRunId: 'run_id',
  temporalUpdateId: 'temporalUpdateId',
  temporalWorkflowId: 'temporalWorkflowId',
  temporalWorkflowType: 'temporal.workflow.type',
  /** Which attempt of the activity a `RunActivity` span is, from 1. */
  temporalActivityAttempt: 'temporal.activity.attempt',
} as const;

/** The event that OpenTelemetry records a failure as. */
export const EXCEPTION_EVENT = 'exception';

const ALLOWED: ReadonlySet<string> = new Set(Object.values(ATTR));

/**
 * True for the names that may leave a process on a span, an event or a link. Spans are plain text to everyone
 * who can see a trace, so whatever is not named here (payloads, memos, results, tokens, addresses) is left out.
 */
export function isAllowedAttribute(name: string): boolean {
  return ALLOWED.has(name);
}
