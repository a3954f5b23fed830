import type { CommandContext } from '../context';
import { checkServices, checkDataDir } from '../doctor/local-checks';
import type { Check } from '../doctor/check';
import { lookAtLastHour, renderLastHour } from '../doctor/last-hour';
import { checkTemporal } from '../doctor/temporal-checks';
import { EXIT } from '../failure';
import type { ExitCode } from '../failure';
import { printable } from '../output';
import type { Output } from '../output';

/**
 * Says of everything that an order needs whether it is there, and what to do where it is not; 3 when any is not. And what
 * the alerts are about, of the last hour, which changes no exit code.
 */
export async function doctor(_options: object, context: CommandContext): Promise<ExitCode> {
  const { config, io, output } = context;
  const [temporal, services, dataDir] = await Promise.all([
    checkTemporal(config, io.env),
    checkServices(config),
    checkDataDir(config.dataDir),
  ]);
  const checks: readonly Check[] = [...temporal, ...services, dataDir];
  const ok = checks.every((check) => check.ok);
  const lastHour = await lookAtLastHour(context, temporal);
  output.result({ ok, checks, lastHour }, () =>
    [renderChecks(checks, output), renderLastHour(lastHour, output)].join('\n\n'),
  );
  return ok ? EXIT.done : EXIT.unreachable;
}

function renderChecks(checks: readonly Check[], { colours }: Output): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  return checks
    .flatMap(({ name, ok, detail, remedy }) => [
      `${ok ? colours.green('ok  ') : colours.red('FAIL')}  ${name.padEnd(width)}  ${printable(detail)}`,
      ...(remedy === undefined
        ? []
        : [`      ${' '.repeat(width)}  ${colours.yellow(`→ ${printable(remedy)}`)}`]),
    ])
    .join('\n');
}
