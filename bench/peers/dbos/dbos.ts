import { startPostgres } from '../../../test/support/postgres';
import type { TestPostgres } from '../../../test/support/postgres';
import { TsProcess } from '../../../test/support/ts-process';
import { npmPackages, peerDirectory } from '../install';
import type { Peer, PeerContext, Row } from '../peer';
import type { Figures } from '../phases';
import { lastLine } from '../program';
import { checkSequences } from '../sequences';
import type { SequenceCounts } from '../sequences';
import { SAGA } from '../work';
import packageJson from './package.json';

const VERSION = packageJson.dependencies['@dbos-inc/dbos-sdk'];
const RECORDS = 'each result as a row of PostgreSQL, committed with fsync, before the next step';

/** DBOS: a library that writes down in PostgreSQL what steps return. */
export const dbos: Peer<string> = {
  name: 'dbos',
  title: 'DBOS',
  install: (context) => npmPackages(__dirname, peerDirectory(context, 'dbos', VERSION), context),
  run: async (packages, context) => {
    const postgres = await startPostgres({ durable: true });
    try {
      const pool = String(context.sizes.parallel);
      return [
        await measure('DBOS, its default pool of connections', postgres, packages, context),
        await measure(`DBOS, a pool of ${pool}`, postgres, packages, context, { PEER_POOL_SIZE: pool }),
      ];
    } finally {
      await postgres.stop();
    }
  },
};

async function measure(
  name: string,
  postgres: TestPostgres,
  packages: string,
  { sizes, say }: PeerContext,
  settings: Readonly<Record<string, string>> = {},
): Promise<Row> {
  say(name);
  const program = new TsProcess('bench/peers/dbos/process.mjs', [JSON.stringify(sizes)], {
    ...process.env,
    ...settings,
    PEER_PACKAGES: packages,
    PEER_DATABASE_URL: await postgres.createDatabase(),
  });
  try {
    const { figures, sequences } = await lastLine<{ figures: Figures; sequences: SequenceCounts }>(program);
    checkSequences(sequences, [SAGA], sizes);
    return { name, records: RECORDS, figures };
  } finally {
    await program.dispose();
  }
}
