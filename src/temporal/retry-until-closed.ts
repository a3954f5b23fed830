import { InterceptingCall, status } from '@grpc/grpc-js';
import type { InterceptorOptions, NextCall } from '@grpc/grpc-js';
import { defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';
import type { ConnectionOptions } from '@temporalio/client';

type Interceptors = NonNullable<ConnectionOptions['interceptors']>;

/**
 * Retries calls as Temporal's clients do, until the connection is closed.
 *
 * The client's own retry begins its next attempt in a timer, also when the connection was closed meanwhile, and what gRPC
 * then throws there ends the process.
 */
export function retryUntilClosed(): { readonly interceptors: Interceptors; readonly close: () => void } {
  let closed = false;
  return {
    interceptors: [
      makeGrpcRetryInterceptor(defaultGrpcRetryOptions()),
      (options: InterceptorOptions, next: NextCall) =>
        new InterceptingCall(closed ? CANCELLED_CALL : next(options)),
    ],
    close: () => {
      closed = true;
    },
  };
}

/** Ends as soon as it is started, as if its caller had cancelled it. */
const CANCELLED_CALL: ReturnType<NextCall> = {
  start: (metadata, listener) => {
    listener?.onReceiveStatus?.({ code: status.CANCELLED, details: 'The connection was closed', metadata });
  },
  sendMessage: () => undefined,
  sendMessageWithContext: () => undefined,
  halfClose: () => undefined,
  startRead: () => undefined,
  cancelWithStatus: () => undefined,
  getPeer: () => '',
  getAuthContext: () => null,
};
