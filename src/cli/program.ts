import { Command, InvalidArgumentError, Option } from 'commander';
import { version } from '../../package.json';
import { ORDER_STATUSES } from '../domain/order';
import { ALL_STEPS } from '../domain/steps';
import type { ExitCode } from './failure';
import type { CommandContext } from './context';
import { loadCommand } from './load-command';
import type { Output } from './output';

/** How many orders `orders list` prints unless told, and how many at most. */
const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 1000;

const COMPENSATIONS = ALL_STEPS.map(({ compensation }) => compensation.name);

/** Runs one command's action: gives it its context and keeps its exit code. */
export type RunAction = (action: (context: CommandContext) => Promise<ExitCode>) => Promise<void>;

/** The command line: every command, its arguments and its help. Parsing runs the action through `run`. */
export function buildProgram(output: Output, run: RunAction): Command {
  const program = new Command('orders')
    .description('Places durable orders, follows them, and helps those that are stuck.')
    .option('--json', 'print exactly one JSON document on stdout')
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => output.io.stdout.write(text),
      // With --json, errors are told as JSON, by whoever catches them.
      writeErr: (text) => {
        if (!output.json) output.io.stderr.write(text);
      },
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .showHelpAfterError('(--help says how it is used)')
    .addHelpText('after', EXIT_CODES);
  addStart(program, run);
  addReading(program, run);
  addChanging(program, output, run);
  addChecking(program, run);
  for (const command of program.commands)
    command.option('--json', 'print exactly one JSON document on stdout');
  return program;
}

const EXIT_CODES = `
Exit codes:
  0  done
  1  the order did not complete (the output says why), or the action was refused
  2  wrong usage, an invalid order or an invalid environment
  3  Temporal, a worker or a service cannot be reached
  4  no such order

Configuration comes from the environment (README.md has the table); \`orders doctor\` says what is reachable.`;

function addStart(program: Command, run: RunAction): void {
  program
    .command('start')
    .description('place an order and wait for its outcome')
    .argument('[-]', 'read the order as JSON from stdin')
    .option('--file <path>', 'read the order as JSON from a file; flags win over what it says')
    .option('--sample', 'fill in whatever is not given with a sample order that completes')
    .option('--order-id <id>', "the order's id; the same id with the same content is the same order")
    .option('--customer <id>', 'customer id')
    .option('--item <SKU=QUANTITY>', 'an item; once for each SKU', collect)
    .option('--payment <token>', 'payment method token, such as pm_card_visa')
    .option('--name <name>', 'shipping address: name')
    .option('--line1 <line>', 'shipping address: first line')
    .option('--line2 <line>', 'shipping address: second line')
    .option('--city <city>', 'shipping address: city')
    .option('--postal-code <code>', 'shipping address: postal code')
    .option('--country <code>', 'shipping address: ISO 3166-1 alpha-2 code, such as DE')
    .option('--expected-amount <amount>', "refuse another price than this, such as '59.98 EUR'")
    .option('--transaction <kind>', 'saga or tcc (default: saga)')
    .addOption(new Option('--tcc', 'short for --transaction tcc').implies({ transaction: 'tcc' }))
    .addOption(new Option('--watch', 'show the steps live on stderr, until the end').conflicts('detach'))
    .option('--detach', 'return as soon as the order has started')
    .addHelpText(
      'after',
      `
Waits up to ORDER_WAIT_MS (10 s) unless told to --watch or --detach; the order goes on either way.
TRACEPARENT, TRACESTATE and BAGGAGE in the environment make the order a part of the caller's trace.

Examples:
  orders start --sample
  orders start --sample --payment pm_card_declined --watch
  orders start --customer cus_1 --item SKU-KEYBOARD=2 --item SKU-MOUSE=1 --payment pm_card_visa \\
    --name 'A. Buyer' --line1 '1 Main St' --city Berlin --postal-code 10115 --country DE
  orders start --file order.json --order-id ord-1 --json
  cat order.json | orders start - --detach`,
    )
    .action((source: string | undefined, options: Parameters<ReturnType<typeof loadCommand.start>>[1]) =>
      run((context) => loadCommand.start()(source, options, context)),
    );
}

function addReading(program: Command, run: RunAction): void {
  program
    .command('status')
    .description('show one order: its steps, compensations, and why it failed')
    .argument('<id>', "the order's id")
    .option('--watch', 'follow it on stderr until its end, and exit as `start` would')
    .addHelpText('after', '\nExamples:\n  orders status ord-1\n  orders status ord-1 --json | jq .status')
    .action((id: string, options: { watch?: true }) =>
      run((context) => loadCommand.status()(id, options, context)),
    );
  program
    .command('list')
    .description('list orders, newest first')
    .addOption(new Option('--status <status>', 'only those in this state').choices(ORDER_STATUSES))
    .option('--customer <id>', 'only those of this customer')
    .addOption(
      new Option('--limit <n>', `how many, 1 to ${String(MAX_LIMIT)}`)
        .argParser(parseLimit)
        .default(DEFAULT_LIMIT),
    )
    .option('--cursor <cursor>', 'go on where the page before ended')
    .addHelpText(
      'after',
      '\nExamples:\n  orders list --status failed --limit 50\n  orders list --customer cus_1 --json',
    )
    .action((options: Parameters<ReturnType<typeof loadCommand.list>>[0]) =>
      run((context) => loadCommand.list()(options, context)),
    );
  program
    .command('trace')
    .description("draw an order's trace: what happened, when, and what undid what")
    .argument('<id>', "the order's id")
    .addOption(new Option('--business', 'the saga, its steps and compensations (default)').conflicts('full'))
    .option('--full', 'every span, down to the database calls')
    .option('--lint', "check it against what an order's trace promises; exit 1 names each breach")
    .option('--repair', "first make again what a killed process took with it, from the order's history")
    .addOption(
      new Option('--format <format>', 'how it is written; otlp and jaeger open in those tools')
        .choices(['tree', 'json', 'otlp', 'jaeger'])
        .default('tree'),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  orders trace ord-1\n  orders trace ord-1 --format jaeger > ord-1.json',
    )
    .action((id: string, options: Parameters<ReturnType<typeof loadCommand.trace>>[1]) =>
      run((context) => loadCommand.trace()(id, options, context)),
    );
  program
    .command('attention')
    .description('list the orders that wait for an operator, and what for')
    .option('--plan', 'say what `retry` and `skip` would do to each, with the money and stock they move')
    .addOption(new Option('--step <step>', 'only those that wait with this').choices(COMPENSATIONS))
    .option('--customer <id>', 'only those of this customer')
    .addHelpText(
      'after',
      '\nExamples:\n  orders attention\n  orders attention --plan\n  orders attention --step refund_payment --json',
    )
    .action((options: Parameters<ReturnType<typeof loadCommand.attention>>[0]) =>
      run((context) => loadCommand.attention()(options, context)),
    );
}

function addChanging(program: Command, output: Output, run: RunAction): void {
  const by = () => new Option('--by <who>', 'who decides this, for the record').default(operatorName(output));
  program
    .command('cancel')
    .description('undo an order, whatever it has done so far')
    .argument('<id>', "the order's id")
    .option('--reason <text>', 'why, for the record')
    .addOption(by())
    .option('--detach', 'return as soon as it is asked for')
    .addOption(
      new Option('--dry-run', 'only say which undos would run, in which order, and what they move').conflicts(
        'detach',
      ),
    )
    .addHelpText(
      'after',
      `
--dry-run changes nothing and exits as the cancel would: 1 when it would be refused, or cannot end the order.
It asks the worker where the order is, and an order that is at work may be a step further when the cancel comes.

Examples:
  orders cancel ord-1 --dry-run
  orders cancel ord-1 --reason 'ordered twice'`,
    )
    .action((id: string, options: Parameters<ReturnType<typeof loadCommand.cancel>>[1]) =>
      run((context) => loadCommand.cancel()(id, options, context)),
    );
  program
    .command('retry')
    .description('try again what an order that needs attention could not undo, or what all of them could not')
    .argument('[id]', "the order's id")
    .option('--all', 'every order that waits, as after an outage')
    .addOption(new Option('--step <step>', 'only this compensation').choices(COMPENSATIONS))
    .option('--customer <id>', 'with --all: only orders of this customer')
    .option('--yes', 'with --all: do not ask first')
    .option('--reason <text>', 'why, for the record')
    .addOption(by())
    .addHelpText(
      'after',
      `
--all says how many and how much money first, and asks; each order is waited for up to ORDER_WAIT_MS (10 s).
It is safe to repeat, and to run twice at once: each wait is ended once. Exits 1 and names those that still wait.

Examples:
  orders retry ord-1 --step refund_payment
  orders retry --all --step refund_payment --yes`,
    )
    .action((id: string | undefined, options: Parameters<ReturnType<typeof loadCommand.retry>>[1]) =>
      run((context) => loadCommand.retry()(id, options, context)),
    );
  program
    .command('skip')
    .description('give up what could not be undone: it was settled by other means')
    .argument('<id>', "the order's id")
    .addOption(new Option('--step <step>', 'the compensation').choices(COMPENSATIONS).makeOptionMandatory())
    .requiredOption('--reason <text>', 'why, for the record')
    .addOption(by())
    .addHelpText(
      'after',
      "\nExample:\n  orders skip ord-1 --step refund_payment --reason 'paid back by bank transfer'",
    )
    .action((id: string, options: Parameters<ReturnType<typeof loadCommand.skip>>[1]) =>
      run((context) => loadCommand.skip()(id, options, context)),
    );
}

function addChecking(program: Command, run: RunAction): void {
  program
    .command('doctor')
    .description('say what is reachable and what is not, with the remedy, and how the last hour was')
    .addHelpText(
      'after',
      '\nMarks with `warn` what an alert would be about; that changes no exit code.\n\nExample:\n  orders doctor --json',
    )
    .action((options: object) => run((context) => loadCommand.doctor()(options, context)));
  program
    .command('audit')
    .description("check the services' own books against every order, and print the balance")
    .addHelpText(
      'after',
      '\nExits 1 and names each violation when anything does not agree.\n\nExample:\n  orders audit',
    )
    .action((options: object) => run((context) => loadCommand.audit()(options, context)));
}

function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${String(MAX_LIMIT)}.`);
}

function operatorName({ io }: Output): string {
  return io.env['USER'] ?? io.env['LOGNAME'] ?? 'orders-cli';
}
