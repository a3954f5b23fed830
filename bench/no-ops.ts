/** Does nothing, as quickly as it can be done. */
export interface NoOps {
  /** @param call with `refused` it fails for good. */
  noOp(call: { readonly key: string; readonly refused?: boolean }): Promise<void>;
}
