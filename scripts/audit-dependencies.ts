import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { z } from 'zod';

/** What fails the audit, worst first. */
const FAILING = ['critical', 'high'] as const;
const MAX_REPORT_BYTES = 64 * 1024 * 1024;

const reportSchema = z.object({
  vulnerabilities: z.record(
    z.string(),
    z.object({ severity: z.string(), range: z.string(), via: z.array(z.unknown()) }),
  ),
});
const refusalSchema = z.object({ message: z.string() });

/**
 * Audits what runs in production, by npm's own advisories: exits with 1 when one of them is high or critical, and says of a
 * registry that offers no advisories that nothing was audited.
 */
function main(): void {
  const { stdout, stderr } = spawnSync('npm', ['audit', '--omit=dev', '--json'], {
    cwd: path.join(__dirname, '..'),
    encoding: 'utf8',
    maxBuffer: MAX_REPORT_BYTES,
  });
  const answer = parsed(stdout);
  const report = reportSchema.safeParse(answer).data;
  if (report === undefined) {
    const reason = refusalSchema.safeParse(answer).data?.message ?? (stderr.trim() || 'npm said nothing');
    process.stdout.write(`NOT AUDITED: the registry gives no advisories (${withoutHosts(reason)})\n`);
    return;
  }
  const found = Object.entries(report.vulnerabilities);
  for (const [name, { severity, range, via }] of found) {
    process.stdout.write(`${severity}: ${name} ${range} ${titles(via)}\n`);
  }
  const failing = found.filter(([, { severity }]) => FAILING.some((level) => level === severity));
  process.stdout.write(
    `audited: ${String(found.length)} found, ${String(failing.length)} high or critical\n`,
  );
  if (failing.length > 0) process.exitCode = 1;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** An advisory has a title; another package's name stands for what comes with it. */
function titles(via: readonly unknown[]): string {
  const title = z.object({ title: z.string() });
  return via.map((each) => title.safeParse(each).data?.title ?? `by ${String(each)}`).join('; ');
}

/** Which registry somebody uses is theirs to tell. */
function withoutHosts(text: string): string {
  return text.replace(/\bhttps?:\/\/[^/\s]+/g, '…');
}

main();
