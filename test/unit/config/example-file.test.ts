import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';
import {parseEnv} from 'node:util';
import {environmentTable, exampleFile, markdownTable} from '../../../src/config/documentation.ts';
import {EnvironmentError, loadEnvironment} from '../../../src/config/environment.ts';

const examplePath = new URL('../../../.env.example', import.meta.url).pathname;

test('[E] .env.example matches the declarations', () => {
  assert.equal(readFileSync(examplePath, 'utf8'), exampleFile());
});

test('[E] .env.example sets only the required variables, and each placeholder is a fault until it is replaced', () => {
  const requiredNames = environmentTable()
    .filter((row) => row.default === 'required')
    .map((row) => row.variable);
  assert.deepEqual(Object.keys(parseEnv(exampleFile())).toSorted(), requiredNames.toSorted());
  assert.throws(
    () => loadEnvironment({env: {}, envFile: examplePath}),
    (error) => {
      assert.ok(error instanceof EnvironmentError);
      assert.deepEqual(
        error.faults.map(({variable}) => variable),
        requiredNames,
      );
      return true;
    },
  );
});

test('[E] the proposed values of optional variables in .env.example are valid, except for secrets', () => {
  const proposed = parseEnv(exampleFile().replaceAll(/^# ([A-Z_]+=)/gm, '$1'));
  const refused = environmentTable()
    .map((row) => row.variable)
    .filter((name) => {
      try {
        loadEnvironment({env: {[name]: proposed[name]}});
        return false;
      } catch (error) {
        return (
          error instanceof EnvironmentError &&
          error.faults.some(({variable, fault}) => variable === name && fault !== 'is missing')
        );
      }
    });
  assert.deepEqual(refused, [
    'TWILIO_ACCOUNT_SID',
    'TWILIO_AUTH_TOKEN',
    'TWILIO_PHONE_NUMBER',
    'PUBLIC_URL',
    'TWILIO_AUTH_TOKEN_ALTERNATE',
    'HOOKSWITCH_ACCESS_KEY',
    'AUTH_JWT_SECRET',
    'METRICS_TOKEN',
    'VOICE_TWIML', // names a file that the user provides
  ]);
});

test('[E] the table has one row per variable', () => {
  const rows = markdownTable().trimEnd().split('\n');
  assert.equal(rows.length, environmentTable().length + 2);
  assert.ok(rows.every((row) => row.split(/(?<!\\)\|/).length === 5));
  assert.ok(rows.includes('| `PORT` | `8081` | The port to listen on. 0 selects a free port. |'));
});
