import { describe, expect, it } from '@jest/globals';
import { ConfigError, loadConfig } from '../../../src/config/config';

describe('the configuration', () => {
  it('has a default for everything', () => {
    const config = loadConfig({});
    expect(config.services.inventory).toEqual({ port: 3002, url: 'http://127.0.0.1:3002' });
    expect(config.databaseUrl).toBeUndefined();
    expect(config.policies.overrides).toBeUndefined();
    expect(config.traceStore).toBe(true);
    expect(config.holds).toEqual({ ttlMs: 60_000, sweepIntervalMs: 1_000 });
  });

  it('takes an empty variable for an unset one', () => {
    expect(loadConfig({ ORDER_WAIT_MS: '' }).orderWaitMs).toBe(10_000);
  });

  it('keeps spans unless the trace store is off', () => {
    expect(loadConfig({ TRACE_STORE: 'off' }).traceStore).toBe(false);
    expect(loadConfig({ TRACE_STORE: 'on' }).traceStore).toBe(true);
  });

  it('names every wrong variable at once, with its value and what is allowed', () => {
    let problems: readonly string[] = [];
    try {
      loadConfig({
        ORDER_SERVICE_PORT: 'http',
        DATABASE_URL: 'mysql://somewhere',
        SAGA_STEP_MAX_ATTEMPTS: '0',
        SAGA_STEP_TIMEOUT_MS_PROCESS_PAYMENT: '-1',
        PAYMENT_SERVICE_URL: 'not a url',
        TCC_HOLD_TTL_MS: '0',
        TRACE_STORE: 'no',
      });
    } catch (error) {
      if (error instanceof ConfigError) problems = error.problems;
    }
    expect(problems.map((problem) => problem.split('=')[0]).sort()).toEqual([
      'DATABASE_URL',
      'ORDER_SERVICE_PORT',
      'PAYMENT_SERVICE_URL',
      'SAGA_STEP_MAX_ATTEMPTS',
      'SAGA_STEP_TIMEOUT_MS_PROCESS_PAYMENT',
      'TCC_HOLD_TTL_MS',
      'TRACE_STORE',
    ]);
  });

  it.each(['WORKER_DEPLOYMENT_NAME', 'WORKER_BUILD_ID'])('takes no half of a version: %s', (variable) => {
    expect(() => loadConfig({ [variable]: 'x' })).toThrow('set both of them, or none');
  });

  it('takes no wish for stack traces where the bundle is made already', () => {
    expect(loadConfig({ WORKFLOW_STACK_TRACES: 'on' }).worker.stackTraces).toBe(true);
    expect(() => loadConfig({ WORKFLOW_STACK_TRACES: 'on', WORKFLOW_BUNDLE: 'workflows.js' })).toThrow(
      'WORKFLOW_STACK_TRACES=on: the bundle of WORKFLOW_BUNDLE was made without; unset that, or leave it empty',
    );
  });

  it('knows a worker with both halves of a version', () => {
    const version = { deploymentName: 'orders', buildId: '2026-11-25.1+a1b2' };
    const { worker } = loadConfig({
      WORKER_DEPLOYMENT_NAME: version.deploymentName,
      WORKER_BUILD_ID: version.buildId,
    });
    expect(worker.version).toEqual(version);
    expect(loadConfig({}).worker.version).toBeUndefined();
    // Temporal writes both with a dot or a colon between.
    expect(() => loadConfig({ WORKER_DEPLOYMENT_NAME: 'a.b', WORKER_BUILD_ID: 'x' })).toThrow(ConfigError);
  });

  it('lets each step and compensation have a policy of its own', () => {
    const { policies } = loadConfig({
      SAGA_STEP_TIMEOUT_MS: '1000',
      SAGA_STEP_TIMEOUT_MS_PROCESS_PAYMENT: '8000',
      SAGA_COMPENSATION_MAX_ATTEMPTS_REFUND_PAYMENT: '50',
    });
    expect(policies.step.timeoutMs).toBe(1000);
    expect(policies.overrides).toEqual({
      process_payment: { timeoutMs: 8000 },
      refund_payment: { maxAttempts: 50 },
    });
  });
});
