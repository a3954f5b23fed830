import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { findTemporalCli } from '../../src/temporal/cli-binary';
import { SEARCH_ATTRIBUTE_ARGUMENTS, TUNED_DISPATCH_ARGUMENTS } from '../../src/temporal/dev-server-options';
import { buildWorkflowBundle } from '../../src/temporal/workflow-bundle';
import { keepForTeardown } from './global-state';

/** The SDK gives a server five seconds to answer, which a busy machine may need more than once. */
const START_TRIES = 3;

/**
 * Once per test run: one real Temporal server, in memory and dispatching as ours does (`TEST_TEMPORAL_ADDRESS`),
 * and one bundle of the workflows (`TEST_WORKFLOW_BUNDLE`).
 */
export default async function globalSetup(): Promise<void> {
  const binary = await findTemporalCli({ onProgress: (line) => process.stderr.write(`${line}\n`) });
  const directory = await mkdtemp(path.join(os.tmpdir(), 'durable-orders-test-'));
  const bundle = path.join(directory, 'workflows.cjs');
  const [environment] = await Promise.all([startServer(binary), buildWorkflowBundle(bundle)]);
  process.env['TEST_TEMPORAL_ADDRESS'] = environment.address;
  process.env['TEST_WORKFLOW_BUNDLE'] = bundle;
  keepForTeardown({ environment, directory });
}

async function startServer(binary: string): Promise<TestWorkflowEnvironment> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await TestWorkflowEnvironment.createLocal({
        server: {
          executable: { type: 'existing-path', path: binary },
          log: { format: 'text', level: 'error' },
          extraArgs: [...TUNED_DISPATCH_ARGUMENTS, ...SEARCH_ATTRIBUTE_ARGUMENTS],
        },
      });
    } catch (error) {
      if (attempt === START_TRIES) throw error;
    }
  }
}
