import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { ORDER_SEARCH_ATTRIBUTES, searchAttributeTypeName } from './dev-server-options';
import { GRPC, hasGrpcCode } from './grpc';

const { IndexedValueType } = temporal.api.enums.v1;

/** The namespace lacks the search attributes and they could not be registered; the message says what to do. */
export class SearchAttributeError extends Error {
  override readonly name = 'SearchAttributeError';
}

/** A server on a SQL store learns of new attributes within seconds, by refreshing its namespace cache. */
const USABLE_LIMIT_MS = 30_000;
const POLL_MS = 200;
const REGISTER_TRIES = 5;

/**
 * Registers this product's search attributes when they are missing, and returns once workflows can use them.
 * Safe to call from any number of processes at once.
 *
 * @throws {@link SearchAttributeError} when it is not allowed, with the command to run instead; or when one
 * exists with another type.
 */
export async function ensureSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await registerMissing(connection, namespace);
      // Also when somebody else registered them, maybe a moment ago.
      await waitUntilUsable(connection, namespace);
      return;
    } catch (error) {
      if (isRefusal(error)) {
        // Who may not administer the namespace may still use what somebody else registered.
        if (await areUsable(connection, namespace)) return;
        throw notAllowed(namespace, error);
      }
      if (attempt === REGISTER_TRIES || !isConflict(error)) throw error;
      await sleep(POLL_MS * attempt);
    }
  }
}

async function registerMissing(connection: Connection, namespace: string): Promise<void> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const missing: Record<string, temporal.api.enums.v1.IndexedValueType> = {};
  for (const { name, type } of ORDER_SEARCH_ATTRIBUTES) {
    const wanted = IndexedValueType[`INDEXED_VALUE_TYPE_${type}`];
    const found = customAttributes[name];
    if (found === undefined) missing[name] = wanted;
    else if (found !== wanted) {
      const foundName = IndexedValueType[found].replace('INDEXED_VALUE_TYPE_', '');
      throw new SearchAttributeError(
        `search attribute ${name} of namespace ${namespace} has type ${foundName}, but orders need ${type}; use another namespace (TEMPORAL_NAMESPACE), or remove it with: temporal operator search-attribute remove --namespace ${namespace} --name ${name}`,
      );
    }
  }
  if (Object.keys(missing).length === 0) return;
  await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: missing });
}

async function waitUntilUsable(connection: Connection, namespace: string): Promise<void> {
  const giveUpAt = Date.now() + USABLE_LIMIT_MS;
  while (!(await areUsable(connection, namespace))) {
    if (Date.now() >= giveUpAt) {
      throw new SearchAttributeError(
        `namespace ${namespace} does not know ${names()} ${String(USABLE_LIMIT_MS / 1000)} s after they were registered`,
      );
    }
    await sleep(POLL_MS);
  }
}

/** Whether a query may name the attributes, which needs no right to administer the namespace. */
async function areUsable(connection: Connection, namespace: string): Promise<boolean> {
  const query = ORDER_SEARCH_ATTRIBUTES.map(({ name }) => `${name} = 'none'`).join(' AND ');
  try {
    await connection.workflowService.countWorkflowExecutions({ namespace, query });
    return true;
  } catch (error) {
    if (hasGrpcCode(error, GRPC.invalidArgument)) return false;
    throw error;
  }
}

function isRefusal(error: unknown): boolean {
  return hasGrpcCode(error, GRPC.permissionDenied, GRPC.unauthenticated, GRPC.unimplemented);
}

/** Somebody else registered at the same moment: look again. */
function isConflict(error: unknown): boolean {
  return hasGrpcCode(error, GRPC.alreadyExists, GRPC.aborted, GRPC.failedPrecondition, GRPC.invalidArgument);
}

function notAllowed(namespace: string, cause: unknown): SearchAttributeError {
  const attributes = ORDER_SEARCH_ATTRIBUTES.map(
    ({ name, type }) => `--name ${name} --type ${searchAttributeTypeName(type)}`,
  ).join(' ');
  return new SearchAttributeError(
    `namespace ${namespace} lacks the search attributes ${names()}, and registering them is not allowed (${(cause as Error).message}). Let somebody who may run: temporal operator search-attribute create --namespace ${namespace} ${attributes}`,
    { cause },
  );
}

function names(): string {
  return ORDER_SEARCH_ATTRIBUTES.map(({ name }) => name).join(' and ');
}
