/** The labels of checks and metrics. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {type HealthCheck, type HealthSample, healthCheckIds} from '@hookswitch/protocol';
import {metricsOf, readMetric} from '../../src/screens/health/metric-labels.ts';
import {lastCheckedAt, nextStep, reportLabels} from '../../src/screens/health/next-step.ts';

function checks(...statuses: readonly HealthCheck['status'][]): HealthCheck[] {
  return statuses.map((status, at) => ({
    id: healthCheckIds[at] ?? 'journal',
    title: `check ${at}`,
    status,
    summary: 'A summary.',
    evidence: [],
    ...(status !== 'not-run' && {checkedAt: new Date(Date.UTC(2026, 0, 1, 0, 9 - at)).toISOString()}),
  }));
}

test('the next step is the first failed check, then running the checks, then a call; warnings do not block', () => {
  const failed = nextStep({checks: checks('ok', 'failed', 'warning', 'failed'), isRunning: false});
  assert.ok(failed.kind === 'mend' && failed.check.title === 'check 1' && failed.others === 1);
  // A known failure stays the next step while other checks run.
  assert.equal(nextStep({checks: checks('not-run', 'failed'), isRunning: true}).kind, 'mend');
  assert.equal(nextStep({checks: checks('ok', 'not-run'), isRunning: true}).kind, 'checking');
  assert.equal(nextStep({checks: checks('ok', 'not-run'), isRunning: false}).kind, 'check');
  assert.deepEqual(nextStep({checks: checks('ok', 'warning'), isRunning: false}), {
    kind: 'call',
    warnings: 1,
  });
});

test('a report is summarized, with the time of the last check', () => {
  assert.equal(reportLabels(checks('not-run', 'not-run')), 'not checked yet');
  assert.equal(
    reportLabels(checks('ok', 'failed', 'warning', 'not-run')),
    '1 of 4 OK · 1 failed · 1 warning · 1 not checked',
  );
  assert.equal(lastCheckedAt(checks('not-run')), undefined);
  assert.equal(lastCheckedAt(checks('ok', 'failed')), '2026-01-01T00:09:00.000Z');
});

function sample(fields: Partial<HealthSample>): HealthSample {
  return {
    time: '2026-01-01T00:00:00.000Z',
    webhooks: 0,
    refused: 0,
    messagesSent: 0,
    sessions: 0,
    activeCalls: 0,
    eventLoopP99Ms: 1.234567,
    cpuPercent: 12.3456,
    rssBytes: 100 * 1024 * 1024,
    ...fields,
  };
}

test('a metric has its value, its range, and whether it is current; a missing sample is not zero', () => {
  const samples = [sample({appendP99Ms: 2}), sample({appendP99Ms: 1234.5, webhooks: 1200}), sample({})];
  const series = {intervalMs: 5000, samples};
  const read = (id: string) => {
    const metric = metricsOf(series).find((each) => each.id === id);
    assert.ok(metric !== undefined);
    return readMetric(metric, series);
  };
  const {sentence, ...append} = read('append-p99');
  assert.deepEqual(append, {
    values: [2, 1234.5, undefined],
    current: '1,235',
    isNow: false,
    min: '2',
    max: '1,235',
  });
  assert.equal(sentence, 'Append p99: last 1,235 ms, between 2 and 1,235 in the last minute.');
  assert.equal(read('append-p50').current, undefined);
  assert.equal(read('append-p50').sentence, 'Append p50: no data.');
  assert.equal(read('webhooks').max, '1,200');
  assert.deepEqual(
    [read('event-loop').current, read('cpu').current, read('memory').current],
    ['1.23', '12.3', '100'],
  );
  assert.equal(metricsOf(series).length, 10);
});
