import { isGrpcServiceError } from '@temporalio/client';

/** gRPC's status codes that are told apart here. */
export const GRPC = {
  invalidArgument: 3,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  failedPrecondition: 9,
  aborted: 10,
  unimplemented: 12,
  unauthenticated: 16,
} as const;

/** Whether `error` is a server's answer with one of `codes`. */
export function hasGrpcCode(error: unknown, ...codes: readonly number[]): boolean {
  return isGrpcServiceError(error) && codes.includes(error.code);
}
