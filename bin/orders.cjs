#!/usr/bin/env node
// The CLI is TypeScript: register the loader, then run it.
require('tsx/cjs');
require('../src/client.ts');
