/** `createServer` only wires the parts together. */
import assert from 'node:assert/strict';
import {existsSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {test} from 'node:test';
import {loadEnvironment} from '../../../src/config/environment.ts';
import {createLogger} from '../../../src/observability/logger.ts';
import {createServer} from '../../../src/server.ts';

test('a created server has opened no socket, written no file and set no timer', () => {
  const folder = path.join(os.tmpdir(), `hookswitch-never-${process.pid}`);
  const environment = loadEnvironment({
    env: {
      TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
      TWILIO_AUTH_TOKEN: 'token',
      TWILIO_PHONE_NUMBER: '+15005550006',
      PUBLIC_URL: 'https://example.com',
      DATABASE_URL: `file:${folder}/hookswitch.db`,
      LOG_LEVEL: 'silent',
    },
  });
  const before = process.getActiveResourcesInfo().length;
  const listeners = process.eventNames().length;
  for (let i = 0; i < 3; i += 1) createServer({environment, logger: createLogger({level: 'silent'})});
  assert.equal(process.getActiveResourcesInfo().length, before);
  assert.equal(process.eventNames().length, listeners);
  assert.equal(existsSync(folder), false);
});
