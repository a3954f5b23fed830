import { auditOrders } from '../../orders/audit/audit';
import type { CommandContext } from '../context';
import { EXIT } from '../failure';
import type { ExitCode } from '../failure';
import { renderAudit } from '../render-audit';
import { serviceSource, withSession } from '../session';

/** Checks the services' own books against every order and prints the balance; 1 when anything is violated. */
export async function audit(_options: object, context: CommandContext): Promise<ExitCode> {
  const { config, output } = context;
  return withSession(context, { search: true }, async ({ client, orders }) => {
    const report = await auditOrders({
      client,
      orders,
      sources: {
        order: serviceSource(config, 'order'),
        inventory: serviceSource(config, 'inventory'),
        payment: serviceSource(config, 'payment'),
        shipping: serviceSource(config, 'shipping'),
      },
    });
    output.result(report, () => renderAudit(report, output));
    return report.ok ? EXIT.done : EXIT.notCompleted;
  });
}
