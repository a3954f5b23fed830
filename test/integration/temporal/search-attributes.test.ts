import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { connectTemporal } from '../../../src/temporal/connection';
import { ensureSearchAttributes, SearchAttributeError } from '../../../src/temporal/search-attributes';
import { SEARCH_ATTRIBUTES } from '../../../src/workflows/definitions';
import { eventually } from '../../support/eventually';
import { testServerAddress } from '../../support/temporal';

const { IndexedValueType } = temporal.api.enums.v1;

describe('search attributes on a SQL server', () => {
  let connection: Connection;
  let client: Client;
  let namespace: string;

  beforeAll(async () => {
    connection = await Connection.connect({ address: testServerAddress() });
  });

  afterAll(() => connection.close());

  async function freshNamespace(): Promise<void> {
    namespace = `ns-${randomUUID()}`;
    client = new Client({ connection, namespace });
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: { seconds: 86_400 as unknown as Long },
    });
    // Each of the server's services learns of a new namespace on its own.
    await eventually(
      () =>
        client.workflow.count('').then(
          () => true,
          () => false,
        ),
      Boolean,
      'the namespace is known',
    );
  }

  const customAttributes = async () =>
    (await connection.operatorService.listSearchAttributes({ namespace })).customAttributes;

  it('are registered once by many who find them missing at the same time, and usable at once', async () => {
    await freshNamespace();
    expect(await customAttributes()).not.toHaveProperty('OrderStatus');
    await Promise.all(Array.from({ length: 8 }, () => ensureSearchAttributes(connection, namespace)));
    expect(await customAttributes()).toMatchObject({
      OrderStatus: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
      CustomerId: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    });
    const handle = await client.workflow.start('nobodyRunsIt', {
      taskQueue: 'nobody',
      workflowId: 'one',
      typedSearchAttributes: [
        { key: SEARCH_ATTRIBUTES.orderStatus, value: 'running' },
        { key: SEARCH_ATTRIBUTES.customerId, value: 'cus_1' },
      ],
    });
    await handle.terminate();
    await ensureSearchAttributes(connection, namespace);
  });

  it('are completed when one of them is there already', async () => {
    await freshNamespace();
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: { CustomerId: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD },
    });
    await ensureSearchAttributes(connection, namespace);
    expect(await customAttributes()).toHaveProperty('OrderStatus');
  });

  it('are refused when one exists with another type, with the way out', async () => {
    await freshNamespace();
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: { OrderStatus: IndexedValueType.INDEXED_VALUE_TYPE_INT },
    });
    const ensured = ensureSearchAttributes(connection, namespace);
    await expect(ensured).rejects.toThrow(SearchAttributeError);
    await expect(ensured).rejects.toThrow(/OrderStatus.*type INT.*need KEYWORD.*TEMPORAL_NAMESPACE/);
  });
});

describe('a connection', () => {
  it('is refused when the server has no such namespace, by name', async () => {
    const environment = { TEMPORAL_ADDRESS: testServerAddress(), TEMPORAL_NAMESPACE: 'no-such-shop' };
    const connected = connectTemporal({ dataDir: '/nowhere' }, { environment });
    await expect(connected).rejects.toThrow(/no namespace no-such-shop \(TEMPORAL_NAMESPACE\)/);
  });
});
