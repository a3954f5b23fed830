import type { CommandContext } from '../context';
import { EXIT } from '../failure';
import type { ExitCode } from '../failure';
import { renderAudit } from '../render-audit';
import { withSession } from '../session';

/** Checks the services' own books against every order and prints the balance; 1 when anything is violated. */
export async function audit(_options: object, context: CommandContext): Promise<ExitCode> {
  const { output } = context;
  return withSession(context, { search: true }, async (session) => {
    const report = await session.audit();
    output.result(report, () => renderAudit(report, output));
    return report.ok ? EXIT.done : EXIT.notCompleted;
  });
}
