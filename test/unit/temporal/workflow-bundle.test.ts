import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';

/** Evaluated anew for every order: what it holds and how it was translated is what an order costs. */
it('the workflow bundle has neither a tracing SDK nor what older engines would need', () => {
  const code = readFileSync(process.env['TEST_WORKFLOW_BUNDLE'] ?? '', 'utf8').replace(
    /\/\/# sourceMappingURL=.*/g,
    '',
  );
  expect(code).toContain('class WorkflowSpans');
  expect(code).not.toMatch(/_class_private_field|_object_spread|_async_to_generator/);
  expect(code).not.toMatch(/node_modules\/@opentelemetry\/(sdk|core|resources|semantic)/);
});
