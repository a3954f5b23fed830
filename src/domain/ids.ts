/** What an order id may look like; it becomes part of workflow ids, keys and URLs, so it is kept plain. */
export const ORDER_ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

const WORKFLOW_ID_PREFIX = 'order-';

/** The one workflow of an order. Inverse: {@link orderIdOfWorkflow}. */
export function orderWorkflowId(orderId: string): string {
  return WORKFLOW_ID_PREFIX + orderId;
}

/** The order of a workflow id made by {@link orderWorkflowId}. */
export function orderIdOfWorkflow(workflowId: string): string {
  return workflowId.slice(WORKFLOW_ID_PREFIX.length);
}
