import type { Money } from '../../domain/money';
import type { OrderItem } from '../../domain/order';
import type { CompensationName } from '../../domain/steps';
import type { StockRow } from '../../domain/service-contract';

/** The names of what may be violated. They are stable: scripts and runbooks go by them. */
export type AuditRule =
  /** Per SKU: free + reserved + sold = seeded, and what is sold or reserved is what reservations stand for. */
  | 'stock_conserved'
  /** A completed order has its order row, its reservation and its shipment. */
  | 'completed_in_full'
  /** A completed order has paid exactly its amount, a failed or cancelled one nothing, and no money is held. */
  | 'money_conserved'
  /** Of a failed or cancelled order no order row, reservation or shipment stands. */
  | 'nothing_stands'
  /** No hold (TCC) outlives its expiry, and no stock of a final order is on one. */
  | 'hold_left'
  /** No order, in whatever state, has an effect twice. */
  | 'at_most_once'
  /** An order that is at work, or parked, was charged more than its amount. */
  | 'overcharged'
  /** An effect stands that no workflow will ever complete or undo, because there is none. */
  | 'orphan_effect'
  /** The workflow was ended from outside, and what it had done still stands. */
  | 'interrupted';

export interface Violation {
  readonly orderId?: string;
  readonly rule: AuditRule;
  readonly detail: string;
}

/** What an operator gave up undoing: no violation, but somebody still owes it. */
export interface Debt {
  readonly orderId: string;
  readonly step: CompensationName;
  /** The money that was not given back, or is still held. */
  readonly amount?: Money;
  /** The units that were not given back. */
  readonly items?: readonly OrderItem[];
  readonly skippedBy: string;
  readonly reason: string;
}

/** Integers of minor units. `captured` is what was kept: charged − refunded. */
export interface MoneyTotals {
  readonly charged: number;
  readonly refunded: number;
  readonly held: number;
  readonly captured: number;
}

/** What the books say: `orders audit --json`. */
export interface AuditReport {
  /** No violations. */
  readonly ok: boolean;
  readonly stock: readonly StockRow[];
  /** Over all currencies; one by one in {@link currencies}. */
  readonly money: MoneyTotals;
  readonly currencies: readonly (MoneyTotals & { readonly currency: string })[];
  /**
   * Orders by status; `terminated`, `timed_out` and so on for those whose workflow was ended from outside,
   * `archived` for those that Temporal has dropped after its retention time.
   */
  readonly orders: Readonly<Record<string, number>>;
  readonly violations: readonly Violation[];
  readonly debts: readonly Debt[];
  /** SKUs that were sold so busily that their reservations could not be compared with the stock. */
  readonly unchecked: readonly string[];
}
