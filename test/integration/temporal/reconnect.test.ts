import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connectTemporal } from '../../../src/temporal/connection';
import { eventually } from '../../support/eventually';
import { Gate } from '../../support/gate';

describe('a connection that is lost', () => {
  let gate: Gate;

  beforeEach(async () => {
    gate = await Gate.before(process.env['TEST_TEMPORAL_ADDRESS'] ?? '');
  });
  afterEach(() => gate.stop());

  it('is tried again all the time, and is there soon after the server is', async () => {
    const { connection } = await connectTemporal(
      { dataDir: '/nonexistent' },
      { environment: { TEMPORAL_ADDRESS: gate.address } },
    );
    const answers = async () => {
      const asked = connection.withDeadline(Date.now() + 1_000, () =>
        connection.workflowService.getSystemInfo({}),
      );
      return asked.then(
        () => true,
        () => false,
      );
    };
    expect(await answers()).toBe(true);
    gate.close();
    // With gRPC's own pauses (1, 1.6, 2.6, … seconds) ten tries take two minutes.
    await eventually(
      async () => ({ answered: await answers(), refused: gate.refused }),
      ({ refused }) => refused >= 10,
      'it is tried ten times',
      40_000,
    );
    gate.open = true;
    await eventually(answers, (answered) => answered, 'it is there again', 10_000);
    await connection.close();
  });

  it('may be closed while a call is being tried again: that call ends as cancelled', async () => {
    const { connection } = await connectTemporal(
      { dataDir: '/nonexistent' },
      { environment: { TEMPORAL_ADDRESS: gate.address } },
    );
    gate.close();
    const ended = connection.workflowService.getSystemInfo({}).catch((error: unknown) => error);
    await eventually(
      () => gate.refused,
      (refused) => refused > 0,
      'it is tried in vain',
    );
    await connection.close();
    expect(await ended).toMatchObject({ code: status.CANCELLED });
  });
});
