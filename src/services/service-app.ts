import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../config/config';
import { admit } from '../http/access';
import { createHttpApp, sendProblem } from '../http/http-app';
import type { HttpApp, HttpAppOptions } from '../http/http-app';
import type { Problem } from '../http/problem';
import type { Telemetry } from '../telemetry/telemetry';
import type { Answer } from './barrier/barrier-rows';
import { idempotencyKey } from './barrier/idempotency';
import { injectFaults } from './faults';

/** What every service is built from. */
export interface ServiceDeps {
  readonly config: Config;
  readonly telemetry: Telemetry;
}

export type ServiceApp = HttpApp;

/**
 * The ground of a service: that of every HTTP app here, the credential that callers must show (`SERVICE_TOKEN`), and an
 * `Idempotency-Key` demanded of every POST.
 */
export function createServiceApp(
  { config, telemetry }: ServiceDeps,
  resources: Required<Pick<HttpAppOptions, 'ready' | 'close'>>,
): ServiceApp {
  const app = createHttpApp({
    telemetry,
    ...resources,
    admit: (request) => {
      admit(config.serviceAccess, request);
    },
  });
  app.addHook('preValidation', (request, _reply, done) => {
    if (request.method === 'POST' && !request.is404) idempotencyKey(request);
    done();
  });
  if (config.faults) injectFaults(app);
  return app;
}

/** Sends what the barrier answers; `Idempotent-Replayed: true` tells a duplicate that it is one. */
export function sendAnswer(request: FastifyRequest, reply: FastifyReply, answer: Answer): FastifyReply {
  if (answer.replayed) reply.header('idempotent-replayed', 'true');
  return answer.status < 400
    ? reply.code(answer.status).send(answer.body)
    : sendProblem(request, reply, answer.body as Problem);
}
