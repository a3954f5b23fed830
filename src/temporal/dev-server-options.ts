import type { SearchAttributeType } from '@temporalio/common';
import { SEARCH_ATTRIBUTES } from '../workflows/definitions';

/** The custom search attributes of this product, by the names that `definitions.ts` gives them. */
export const ORDER_SEARCH_ATTRIBUTES = Object.values(SEARCH_ATTRIBUTES);

/**
 * How the embedded server dispatches. Its one history shard polls at most 20 times a second by default, which
 * makes every step wait for up to 50 ms; and with four partitions of a task queue and few pollers the last
 * tasks of a burst wait for seconds. Timers, and with them retries, are shifted by up to a second.
 */
const TUNED_DYNAMIC_CONFIG: Readonly<Record<string, number | string>> = {
  'history.transferProcessorMaxPollRPS': 5000,
  'history.timerProcessorMaxPollRPS': 5000,
  'history.timerProcessorMaxTimeShift': '1ms',
  'matching.numTaskqueueReadPartitions': 1,
  'matching.numTaskqueueWritePartitions': 1,
};

/** {@link TUNED_DYNAMIC_CONFIG} as arguments of `temporal server start-dev`. */
export const TUNED_DISPATCH_ARGUMENTS: readonly string[] = Object.entries(TUNED_DYNAMIC_CONFIG).flatMap(
  ([key, value]) => ['--dynamic-config-value', `${key}=${JSON.stringify(value)}`],
);

/** {@link ORDER_SEARCH_ATTRIBUTES} as arguments of `temporal server start-dev`. */
export const SEARCH_ATTRIBUTE_ARGUMENTS: readonly string[] = ORDER_SEARCH_ATTRIBUTES.flatMap(
  ({ name, type }) => ['--search-attribute', `${name}=${searchAttributeTypeName(type)}`],
);

/** `Keyword` for `KEYWORD`, `KeywordList` for `KEYWORD_LIST`: how the CLI calls a type. */
export function searchAttributeTypeName(type: SearchAttributeType): string {
  return type.replace(/([A-Z])([A-Z]*)_?/g, (_, head: string, rest: string) => head + rest.toLowerCase());
}
