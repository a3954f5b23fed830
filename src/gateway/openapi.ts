import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import type { HttpApp } from '../http/http-app';
import { version } from '../../package.json';

/** Serves what the routes' schemas say: `/openapi.json` for programs, `/docs` for people. Before any other route. */
export async function describeApi(app: HttpApp, withAuth: boolean): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Durable orders',
        version,
        description:
          'Orders over four services, as durable transactions. Errors are application/problem+json (RFC 9457).',
      },
      ...(withAuth && {
        components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
        security: [{ bearer: [] }],
      }),
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: true });
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
}
