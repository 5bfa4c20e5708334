/** `hookswitch doctor` in a terminal, with and without a running gateway. */
import assert from 'node:assert/strict';
import {existsSync} from 'node:fs';
import path from 'node:path';
import {test} from 'node:test';
import type {HealthReport} from '@hookswitch/protocol';
import {openBench} from '../../support/gateway/process-gateway.ts';

test('without a gateway, doctor listens briefly by itself, changes nothing, and exits with 0 or 1', async () => {
  await using bench = await openBench();
  const doctor = bench.run(['doctor', '--json']);
  assert.equal(await doctor.exited(), 0, doctor.stderr);
  const report: HealthReport = JSON.parse(doctor.stdout);
  const status = Object.fromEntries(report.checks.map((check) => [check.id, check.status]));
  assert.deepEqual(
    {...status, journal: undefined},
    {
      credentials: 'ok',
      number: 'warning',
      'public-url': 'ok',
      'public-websocket': 'ok',
      origins: 'ok',
      clock: 'ok',
      journal: undefined,
    },
  );
  assert.notEqual(status['journal'], 'failed');
  assert.ok(!existsSync(path.join(bench.folder, 'data')), 'no journal is created');

  const failing = bench.run(['doctor'], {...bench.env, TWILIO_AUTH_TOKEN: 'canary-wrong-token-000000000'});
  assert.equal(await failing.exited(), 1);
  assert.match(failing.stdout, /^No gateway runs at http:\/\/127\.0\.0\.1:\d+; checked without one\.\n/);
  assert.match(failing.stdout, /✗ Twilio credentials: Twilio does not accept the credentials\.\n {4}Asked: /);
  assert.match(failing.stdout, / {2}→ Copy TWILIO_ACCOUNT_SID/);
  assert.match(failing.stdout, /✓ PUBLIC_URL, requested from outside: /);
  assert.match(failing.stdout, /\d ok, \d with warnings, 2 failed\.\n$/);
  assert.doesNotMatch(failing.stdout + failing.stderr, /canary/);
});

test('an existing journal is read and left unchanged', async () => {
  await using bench = await openBench();
  const gateway = await bench.start().listening();
  const placed = await bench.api('/api/calls', {
    method: 'POST',
    headers: {'content-type': 'application/json'},
    body: '{"to":"+15550100101"}',
  });
  assert.equal(placed.status, 201);
  await bench.simulator.settled();
  gateway.signal('SIGTERM');
  await gateway.exited();
  const doctor = bench.run(['doctor', '--json']);
  assert.equal(await doctor.exited(), 0, doctor.stderr + doctor.stdout);
  const report: HealthReport = JSON.parse(doctor.stdout);
  const journal = report.checks.find(({id}) => id === 'journal');
  const head = journal?.evidence.find(({label}) => label === 'Entries so far')?.value;
  assert.ok(Number(head) >= 2, `${head}`);
});

test("with a running gateway, doctor asks it with the gateway's access key", async () => {
  await using bench = await openBench();
  // No key is configured, so the key beside the database is found.
  const {HOOKSWITCH_ACCESS_KEY: _, ...env} = bench.env;
  await bench.run(['start'], env).listening();
  const doctor = bench.run(['doctor'], env);
  assert.equal(await doctor.exited(), 0, doctor.stderr);
  assert.match(doctor.stdout, /^The gateway at http:\/\/127\.0\.0\.1:\d+\.\n\n✓ Twilio credentials: /);
  const again = bench.run(['doctor', '--json'], env);
  assert.equal(await again.exited(), 0, again.stderr);
  const stranger = bench.run(['doctor'], bench.env);
  assert.equal(await stranger.exited(), 1);
  assert.match(stranger.stderr, /refuses the access key/);
});

test('faults of the environment and of the arguments are reported first', async () => {
  await using bench = await openBench();
  const empty = bench.run(['doctor'], {});
  assert.equal(await empty.exited(), 1);
  assert.match(empty.stderr, /TWILIO_ACCOUNT_SID is missing/);
  const wrong = bench.run(['doctor', '--nonsense']);
  assert.equal(await wrong.exited(), 1);
  assert.match(wrong.stderr, /Usage: npm run doctor/);
  const help = bench.run(['doctor', '--help'], {});
  assert.equal(await help.exited(), 0);
  assert.match(help.stdout, /^Usage: npm run doctor/);
});
