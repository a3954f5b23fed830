import eslint from '@eslint/js';
import prettier from 'eslint-config-prettier';
import { importX } from 'eslint-plugin-import-x';
import { builtinModules } from 'node:module';
import tseslint from 'typescript-eslint';

/** What workflow code may not touch: it must do the same on every replay. */
const NODE_BUILTINS = {
  paths: builtinModules.map((name) => ({ name, message: 'Not deterministic.' })),
  patterns: [{ group: ['node:*'], message: 'Not deterministic.' }],
};
const DETERMINISTIC = [
  'src/workflows/**/*.ts',
  'src/workflow-tracing/**/*.ts',
  'src/saga/**/*.ts',
  'src/domain/**/*.ts',
];
/** The one file of the kit that runs in activities. */
const ACTIVITY_SIDE = ['src/saga/report-attempts.ts'];

/** Dependencies point one way: what each folder must not import. */
const ARROWS = [
  { target: './src/domain', from: './src', except: ['./domain'] },
  { target: './src/saga', from: './src', except: ['./saga'] },
  {
    target: './src/workflows',
    from: './src',
    except: ['./workflows', './workflow-tracing', './saga', './domain', './activities'],
  },
  {
    target: './src/workflow-tracing',
    from: './src',
    except: ['./workflow-tracing', './saga/semconv.ts'],
  },
  {
    target: './src/activities',
    from: './src',
    except: ['./activities', './saga', './domain', './telemetry', './config'],
  },
  {
    target: './src/services',
    from: './src',
    except: [
      './services',
      './http',
      './database',
      './domain',
      './telemetry',
      './config',
      './stack/part.ts',
      './stack/repeating.ts',
    ],
  },
  { target: './src/http', from: './src', except: ['./http', './domain', './telemetry', './config'] },
  { target: './src/database', from: './src', except: ['./database', './telemetry', './config'] },
  {
    target: './src/gateway',
    from: './src',
    except: [
      './gateway',
      './orders',
      './traces',
      './http',
      './database',
      './domain',
      './workflows/definitions.ts',
      './telemetry',
      './temporal/connection.ts',
      './config',
      './stack/part.ts',
      './stack/repeating.ts',
    ],
  },
  {
    target: './src/telemetry',
    from: './src',
    except: [
      './telemetry',
      './saga/semconv.ts',
      './workflow-tracing/span-data.ts',
      './saga/measurements.ts',
      './config',
      './domain',
    ],
  },
  { target: './src/config', from: './src', except: ['./config', './domain', './saga/policy.ts'] },
  {
    target: './src/orders',
    from: './src',
    except: ['./orders', './domain', './saga', './workflows', './telemetry', './temporal', './config'],
  },
  {
    target: './src/gateway/pages',
    from: './src',
    except: ['./gateway/pages', './domain', './orders', './telemetry', './traces'],
  },
  {
    target: './src/guardian',
    from: './src',
    except: [
      './guardian',
      './orders',
      './domain',
      './saga',
      './workflows/definitions.ts',
      './telemetry',
      './trace-repair',
      './config',
    ],
  },
  {
    target: './src/codec',
    from: './src',
    except: [
      './codec',
      './http',
      './temporal/payload-codec.ts',
      './telemetry',
      './config',
      './stack/part.ts',
      './stack/repeating.ts',
    ],
  },
  { target: './src/temporal', from: ['./src/cli', './src/orders', './src/services', './src/stack'] },
  { target: './src/cli', from: ['./src/services', './src/activities', './src/stack'] },
];

export default tseslint.config(
  { ignores: ['node_modules', 'data', 'coverage', 'test/replay/histories', '.changed-workflows-*'] },
  eslint.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['*.mjs', '*.cjs', 'bin/*.cjs'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    plugins: { 'import-x': importX },
    settings: { 'import-x/resolver': { node: { extensions: ['.ts', '.js', '.cjs', '.mjs'] } } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      'import-x/no-restricted-paths': ['error', { zones: ARROWS }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      'import-x/no-cycle': 'error',
      // The image has no development dependencies.
      'import-x/no-extraneous-dependencies': [
        'error',
        { devDependencies: ['test/**', 'scripts/**', '*.{mjs,cjs}'] },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportAllDeclaration', message: 'Name what is exported.' },
      ],
    },
  },
  {
    files: DETERMINISTIC,
    ignores: ACTIVITY_SIDE,
    rules: {
      'no-restricted-imports': ['error', NODE_BUILTINS],
      'no-restricted-globals': ['error', 'process', 'Buffer', 'fetch', 'global', '__dirname', 'require'],
    },
  },
  {
    files: ['src/workflows/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['**/activities/**'],
              allowTypeImports: true,
              message: 'Workflows import activities as types only.',
            },
            {
              group: ['zod', '@temporalio/worker', '@temporalio/client', '@temporalio/activity'],
              message: 'Not for workflow code.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  {
    files: ['**/*.mjs', '**/*.cjs'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { globals: { module: 'writable', require: 'readonly', process: 'readonly' } },
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  {
    files: ['src/gateway/pages/assets/*.js'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: {
      sourceType: 'script',
      globals: { document: 'readonly', EventSource: 'readonly', HTMLInputElement: 'readonly' },
    },
  },
  prettier,
);
