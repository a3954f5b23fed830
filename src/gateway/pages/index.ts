export { PAGE_ASSETS } from './page-assets';
export type { PageAsset } from './page-assets';
export { renderErrorPage } from './error-page';
export type { ErrorPageProblem } from './error-page';
export { renderIndexPage } from './index-page';
export type { ParkedOrder } from './inbox';
export type { IndexPageModel } from './index-page';
export { renderOrderMain, renderOrderPage } from './order-page';
export type { OrderPageModel } from './order-page-model';
