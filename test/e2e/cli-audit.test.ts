import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Database from 'libsql';
import type { AuditReport } from '../../src/orders/audit/report';
import { json, orders } from '../support/cli';
import { TestStack } from '../support/stack';
