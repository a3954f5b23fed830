/** Does nothing, as quickly as it can be done. */
export interface NoOps {
  noOp(call: { readonly key: string }): Promise<void>;
}
