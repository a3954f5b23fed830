/* eslint-disable @typescript-eslint/no-require-imports, @typescript-eslint/consistent-type-imports -- see below */

/**
 * The commands, each loaded when it is run: the Temporal client and the trace exporters take most of a second
 * to load, which `--help` and a mistyped flag need not wait for.
 */
export const loadCommand = {
  start: () => (require('./commands/start') as typeof import('./commands/start')).start,
  status: () => (require('./commands/status') as typeof import('./commands/status')).status,
  list: () => (require('./commands/list') as typeof import('./commands/list')).list,
  cancel: () => (require('./commands/cancel') as typeof import('./commands/cancel')).cancel,
  attention: () => (require('./commands/attention') as typeof import('./commands/attention')).attention,
  retry: () => (require('./commands/retry') as typeof import('./commands/retry')).retry,
  skip: () => (require('./commands/skip') as typeof import('./commands/skip')).skip,
  doctor: () => (require('./commands/doctor') as typeof import('./commands/doctor')).doctor,
  trace: () => (require('./commands/trace') as typeof import('./commands/trace')).trace,
  audit: () => (require('./commands/audit') as typeof import('./commands/audit')).audit,
};
