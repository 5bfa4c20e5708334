/** How the doctor runs its checks: one run per check at a time, bounded, and not too often. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {pino} from 'pino';
import {AppError} from '../../../../src/errors/app-error.ts';
import type {Check, Finding} from '../../../../src/services/health/check.ts';
import {Doctor} from '../../../../src/services/health/doctor.ts';
import {ManualClock} from '../../../support/manual-clock.ts';

const FINE: Finding = {status: 'ok', summary: 'Fine.', evidence: []};

/** A check that ends when the test ends it. */
class SlowCheck implements Check {
  readonly id;
  readonly title = 'Slow';
  readonly runs: PromiseWithResolvers<Finding>[] = [];
  readonly signals: AbortSignal[] = [];

  constructor(id: Check['id']) {
    this.id = id;
  }

  run({signal}: {readonly signal: AbortSignal}): Promise<Finding> {
    const run = Promise.withResolvers<Finding>();
    this.runs.push(run);
    this.signals.push(signal);
    return run.promise;
  }
}

function setUp(...ids: Check['id'][]) {
  const clock = new ManualClock();
  const checks = ids.map((id) => new SlowCheck(id));
  const doctor = new Doctor({checks, clock, logger: pino({level: 'silent'})});
  const at = (index: number) => {
    const check = checks[index];
    assert.ok(check !== undefined);
    return check;
  };
  return {clock, doctor, at};
}

const limited = (retryAfterS: number) => (error: unknown) =>
  error instanceof AppError && error.code === 'rate_limited' && error.retryAfterS === retryAfterS;

test('before the first run every check is listed as not-run', () => {
  const {doctor} = setUp('clock', 'journal');
  assert.deepEqual(
    doctor.report().checks.map(({id, status}) => [id, status]),
    [
      ['clock', 'not-run'],
      ['journal', 'not-run'],
    ],
  );
});

test('checks run in parallel, never twice at once, and requests in the meantime share that run', async () => {
  const {clock, doctor, at} = setUp('clock', 'journal');
  const all = doctor.runAll();
  const one = doctor.run('clock');
  const again = doctor.runAll();
  assert.deepEqual([at(0).runs.length, at(1).runs.length], [1, 1]);
  clock.advance(1200);
  at(0).runs[0]?.resolve(FINE);
  const {checks} = await one;
  assert.deepEqual(
    checks.map(({status, tookMs}) => [status, tookMs]),
    [
      ['ok', 1200],
      ['not-run', undefined],
    ],
  );
  at(1).runs[0]?.resolve(FINE);
  assert.deepEqual(await all, await again);
  assert.deepEqual([at(0).runs.length, at(1).runs.length], [1, 1]);
});

test('each check runs at most once per three seconds, and a run of all checks skips the recent ones', async () => {
  const {clock, doctor, at} = setUp('clock', 'journal');
  const first = doctor.run('clock');
  at(0).runs[0]?.resolve(FINE);
  await first;
  clock.advance(1000);
  await assert.rejects(doctor.run('clock'), limited(2));
  const all = doctor.runAll();
  assert.deepEqual([at(0).runs.length, at(1).runs.length], [1, 1]);
  at(1).runs[0]?.resolve(FINE);
  await all;
  await assert.rejects(doctor.runAll(), limited(3));
  clock.advance(3000);
  const later = doctor.runAll();
  at(0).runs[1]?.resolve(FINE);
  at(1).runs[1]?.resolve(FINE);
  await later;
});

test('a recheck waits for the current run and then runs again', async () => {
  const {doctor, at} = setUp('number');
  const before = doctor.run('number');
  const after = doctor.recheck('number');
  at(0).runs[0]?.resolve({...FINE, status: 'warning'});
  assert.equal((await before).checks[0]?.status, 'warning');
  assert.equal(at(0).runs.length, 2);
  at(0).runs[1]?.resolve(FINE);
  assert.equal((await after).checks[0]?.status, 'ok');
});

test('a hanging check is aborted and fails after ten seconds, and its late result is ignored', async () => {
  const {clock, doctor, at} = setUp('public-url');
  const run = doctor.runAll();
  clock.advance(9499);
  assert.equal(at(0).signals[0]?.aborted, false);
  clock.advance(1);
  assert.equal(at(0).signals[0]?.aborted, true);
  clock.advance(500);
  const [found] = (await run).checks;
  assert.equal(found?.status, 'failed');
  assert.match(found?.summary ?? '', /within 10 s/);
  at(0).runs[0]?.resolve(FINE);
  await Promise.resolve();
  assert.equal(doctor.report().checks[0]?.status, 'failed');
  assert.equal(clock.timerCount, 0);
});

test('a check that throws fails without showing a secret', async () => {
  const {doctor, at} = setUp('clock');
  const run = doctor.runAll();
  at(0).runs[0]?.reject(new Error('token=canary-123456 is wrong'));
  const [found] = (await run).checks;
  assert.equal(found?.status, 'failed');
  assert.doesNotMatch(JSON.stringify(found), /canary/);
});

test('stop ends the current runs', async () => {
  const {clock, doctor, at} = setUp('clock');
  const run = doctor.runAll();
  doctor.stop();
  assert.equal(at(0).signals[0]?.aborted, true);
  assert.equal((await run).checks[0]?.status, 'not-run');
  assert.equal(clock.timerCount, 0);
});

test('an unknown check is not found', async () => {
  const {doctor} = setUp('clock');
  await assert.rejects(
    doctor.run('__proto__'),
    (error) => error instanceof AppError && error.code === 'not_found',
  );
});
