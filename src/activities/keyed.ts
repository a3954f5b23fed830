/** A request and the idempotency key it is made under. */
export type Keyed<Request> = Request & { readonly key: string };
