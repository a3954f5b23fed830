import { privateConfig } from '../../src/stack/private-stack';

/** What makes processes one stack of the test's own, beside whatever else runs on this machine. */
export interface OwnStack {
  readonly dataDir: string;
  /** For the processes: a DATA_DIR and ports of their own, this run's workflow bundle, and no server named. */
  readonly environment: Readonly<Record<string, string>>;
  /** Deletes the DATA_DIR. */
  remove(): Promise<void>;
}

/**
 * A stack of its own, of which nothing runs yet.
 *
 * @param settings more of the environment; overrides what is chosen here.
 */
export async function ownStack(settings: Readonly<Record<string, string>> = {}): Promise<OwnStack> {
  const bundle = process.env['TEST_WORKFLOW_BUNDLE'];
  const own = await privateConfig({
    LOG_LEVEL: 'error',
    ...(bundle !== undefined && { WORKFLOW_BUNDLE: bundle }),
    ...settings,
  });
  return {
    dataDir: own.config.dataDir,
    environment: {
      ...inherited(),
      // Temporal's own configuration file of whoever runs the tests would name a server.
      XDG_CONFIG_HOME: own.config.dataDir,
      ...own.environment,
    },
    remove: () => own.remove(),
  };
}

function inherited(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] =>
        entry[1] !== undefined && !/^(TEMPORAL_(?!CLI_PATH)|OTEL_)/.test(entry[0]),
    ),
  );
}
