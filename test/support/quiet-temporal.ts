import { DefaultLogger, Runtime } from '@temporalio/worker';

// Failing activities and workflow tasks are what many tests are about: only what nobody expects is printed.
Runtime.install({ logger: new DefaultLogger('ERROR') });
