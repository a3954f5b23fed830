/** The workflows that a worker runs. */
export { orderSaga } from './order-saga';
export { orderTcc } from './order-tcc';
