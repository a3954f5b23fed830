import type { Money } from './money';
import type { OrderItem, ShippingAddress } from './order';

/**
 * What the four services say to each other over HTTP. Every mutating request carries an `Idempotency-Key`;
 * errors are `application/problem+json` with a `code` of `errors.ts`.
 */

/** Undoes what was done under another key. Its own `Idempotency-Key` is the compensation's. */
export interface CompensationRequest {
  readonly orderId: string;
  /** The idempotency key of the step to undo; it may never have arrived. */
  readonly compensates: string;
}

/** `nothing_to_undo`: the step had not happened, and from now on cannot. */
export interface CompensationResponse {
  readonly result: 'undone' | 'nothing_to_undo';
}

/** Makes final what is held under another key (TCC). Its own `Idempotency-Key` is the confirm's. */
export interface ConfirmRequest {
  readonly orderId: string;
  /** The idempotency key of the try. */
  readonly confirms: string;
}
export interface ConfirmResponse {
  readonly result: 'confirmed';
}

/** `POST /orders` of the order service; undone by `POST /cancellations`. */
export interface CreateOrderRequest {
  readonly orderId: string;
  readonly customerId: string;
  readonly items: readonly OrderItem[];
  readonly amount: Money;
}
export interface CreateOrderResponse {
  readonly orderId: string;
}

/** `POST /reservations` of the inventory service; undone by `POST /releases`. */
export interface ReserveInventoryRequest {
  readonly orderId: string;
  readonly items: readonly OrderItem[];
  /** What the customer was quoted; refused with `price_changed` when the catalogue says otherwise. */
  readonly expectedAmount: Money;
}
export interface ReserveInventoryResponse {
  readonly reservationId: string;
  readonly amount: Money;
}

/**
 * `POST /holds` of the inventory service (TCC try): as a reservation, but the units are reserved, not sold.
 * `POST /confirmations` sells them, `POST /cancellations` sets them free, `POST /reversals` also after they were sold.
 */
export type TryInventoryRequest = ReserveInventoryRequest;
export interface TryInventoryResponse {
  readonly holdId: string;
  readonly amount: Money;
  /** When the service sets the units free by itself, by its own clock: ISO 8601 in UTC. */
  readonly expiresAt: string;
}

/** `POST /payments` of the payment service; undone by `POST /refunds`. */
export interface ProcessPaymentRequest {
  readonly orderId: string;
  readonly amount: Money;
  readonly method: string;
}
export interface ProcessPaymentResponse {
  readonly paymentId: string;
}

/**
 * `POST /holds` of the payment service (TCC try): the money is authorised, not taken. `POST /confirmations` captures
 * it, `POST /cancellations` voids the authorisation, `POST /reversals` also refunds what was captured.
 */
export type TryPaymentRequest = ProcessPaymentRequest;
export interface TryPaymentResponse {
  readonly paymentId: string;
  /** When the service voids the authorisation by itself, by its own clock: ISO 8601 in UTC. */
  readonly expiresAt: string;
}

/** `POST /shipments` of the shipping service; undone by `POST /cancellations`. */
export interface CreateShipmentRequest {
  readonly orderId: string;
  readonly items: readonly OrderItem[];
  readonly address: ShippingAddress;
}
export interface CreateShipmentResponse {
  readonly shipmentId: string;
}

/** `GET /catalogue` of the inventory service. */
export interface Catalogue {
  readonly items: readonly CatalogueItem[];
}
export interface CatalogueItem {
  readonly sku: string;
  readonly name: string;
  readonly price: Money;
}

/**
 * `GET /books?cursor=&limit=`: a service's own books, for the audit and the guardian; `nextCursor` is absent on the last
 * page. `orderId=A&orderId=B`: of these orders alone. Of the order service, `unchangedForMs=&changedWithinMs=`: what
 * has last changed in that time, in the order of the changes.
 */
export interface OrderBooks {
  readonly orders: readonly { orderId: string; status: 'created' | 'cancelled'; amount: Money }[];
  readonly nextCursor?: string;
}
/** Every unit of a SKU is `free`, `reserved` (held by a TCC try) or `sold`. */
export interface StockRow {
  readonly sku: string;
  readonly seeded: number;
  readonly free: number;
  readonly reserved: number;
  readonly sold: number;
}
/** Of what is held (TCC), and only of that: when its service gives it up by itself, by the service's clock. */
export interface HeldUntil {
  /** ISO 8601 in UTC; of several holds of an order, the first that ends. */
  readonly expiresAt?: string | undefined;
  /** That is over: the next clean-up frees it. */
  readonly expired?: boolean | undefined;
  /** That is over for so long that clean-ups must have failed. */
  readonly overdue?: boolean | undefined;
}
export interface InventoryBooks {
  /** The whole stock, on every page. */
  readonly stock: readonly StockRow[];
  readonly reservations: readonly ({
    orderId: string;
    /** The idempotency key that made it, which says by which step; services of before the guardian do not tell it. */
    key?: string | undefined;
    state: 'held' | 'sold' | 'released';
    items: readonly OrderItem[];
  } & HeldUntil)[];
  readonly nextCursor?: string;
}
/** From the provider's account book: what was really taken and given back, per order. */
export interface PaymentBooks {
  readonly payments: readonly ({
    orderId: string;
    currency: string;
    charged: number;
    refunded: number;
    /** Authorised and neither captured nor voided (TCC). */
    held: number;
  } & HeldUntil)[];
  readonly nextCursor?: string;
}
export interface ShippingBooks {
  readonly shipments: readonly { orderId: string; status: 'created' | 'cancelled' }[];
  readonly nextCursor?: string;
}
