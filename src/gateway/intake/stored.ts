import { ProblemError } from '../../http/problem';

/**
 * What the gateway's own database answers.
 *
 * @throws ProblemError `storage_unavailable` when it does not: what is asked of it here is asked right.
 */
export async function stored<T>(query: Promise<T>): Promise<T> {
  try {
    return await query;
  } catch (error) {
    const problem = new ProblemError('storage_unavailable', 'The records of orders cannot be had now');
    problem.cause = error;
    throw problem;
  }
}
