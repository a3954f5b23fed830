import './quiet-temporal';
import { TestWorkflowEnvironment } from '@temporalio/testing';

/** The Temporal server of this test run, started by `global-setup.ts`. */
export function testServerAddress(): string {
  const address = process.env['TEST_TEMPORAL_ADDRESS'];
  if (address === undefined) throw new Error('TEST_TEMPORAL_ADDRESS is not set: run tests through npm test');
  return address;
}

/** Client and worker connections to the Temporal server of this test run. */
export function connectTestEnvironment(): Promise<TestWorkflowEnvironment> {
  return TestWorkflowEnvironment.createFromExistingServer({ address: testServerAddress() });
}
