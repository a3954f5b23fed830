import { createLogger } from '../../src/telemetry/logger';
import { installTemporalRuntime } from '../../src/telemetry/temporal-logger';

// Failing activities and workflow tasks are what many tests are about: the runtime says nothing of them.
installTemporalRuntime(createLogger('test', 'silent'), { shutdownSignals: [] });
