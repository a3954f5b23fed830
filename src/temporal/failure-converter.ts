import { DefaultFailureConverter } from '@temporalio/common';

/** Makes a payload of a failure's message and stack, so that they are encrypted with the rest. */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
