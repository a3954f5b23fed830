import { ORDER_ID_PATTERN } from '../domain/ids';
import { UsageError } from './failure';

/**
 * `text` as an order id.
 *
 * @throws {@link UsageError} when no order can be called that.
 */
export function orderIdArgument(text: string): string {
  if (ORDER_ID_PATTERN.test(text)) return text;
  const shown = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  throw new UsageError(
    `orderId: '${shown}' cannot be an order's id: it must start with a letter or digit and have at most ` +
      '64 letters, digits, "_" or "-"',
  );
}
