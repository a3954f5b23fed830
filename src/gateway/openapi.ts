import swagger from '@fastify/swagger';
import type { SwaggerTransformObject } from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import type { HttpApp } from '../http/http-app';
import { license, version } from '../../package.json';
import { finishDocument } from './openapi-document';

/** What the operations are about, in the order in which /docs shows them. */
export const TAGS = { orders: 'Orders', operators: 'Operators' } as const;

const DESCRIPTION = `Orders over four services, as durable transactions: each completes, or everything that it did is undone.

Errors are \`application/problem+json\` (RFC 9457): programs go by \`code\`, people read \`detail\`. Every answer has its
\`X-Request-Id\` (the request's own, if it brought one) and the \`X-Trace-Id\` of its trace, which for answers about an
order is the order's.`;

/** Serves what the routes' schemas say: `/openapi.json` for programs, `/docs` for people. Before any other route. */
export async function describeApi(app: HttpApp, withAuth: boolean): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Durable orders',
        version,
        description: DESCRIPTION,
        license: { name: license, identifier: license },
      },
      tags: [
        { name: TAGS.orders, description: 'Placing orders, and what becomes of them' },
        { name: TAGS.operators, description: 'Orders that wait for a decision' },
      ],
      ...(withAuth && {
        components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
        security: [{ bearer: [] }],
      }),
    },
    transform: jsonSchemaTransform,
    transformObject,
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: true,
    // Where there is no TLS, the page would look for its scripts in vain.
    transformStaticCSP: (policy) => policy.replace('upgrade-insecure-requests;', ''),
  });
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
}

const transformObject: SwaggerTransformObject = (document) =>
  finishDocument(jsonSchemaTransformObject(document));
