/** The workflows that a worker runs. */
export { guardian } from './guardian';
export { orderSaga } from './order-saga';
export { orderSettlement } from './order-settlement';
export { orderTcc } from './order-tcc';
