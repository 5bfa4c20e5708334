import assert from 'node:assert/strict';
import {test} from 'node:test';
import {Lifecycle, type Part} from '../../src/lifecycle.ts';

function recorded(log: string[], name: string, part: Partial<Part> = {}): Part {
  return {
    name,
    start: async () => {
      log.push(`start ${name}`);
      await part.start?.();
    },
    stop: async () => {
      log.push(`stop ${name}`);
      await part.stop?.();
    },
  };
}

function failing(): never {
  throw new Error('broken');
}

test('parts start in order and stop in reverse, once', async () => {
  const log: string[] = [];
  const lifecycle = new Lifecycle([recorded(log, 'a'), {name: 'silent'}, recorded(log, 'b')]);
  await Promise.all([lifecycle.start(), lifecycle.start()]);
  await Promise.all([lifecycle.stop(), lifecycle.stop()]);
  assert.deepEqual(log, ['start a', 'start b', 'stop b', 'stop a']);
});

test('a part that fails to start stops all parts, and its error is the one reported', async () => {
  const log: string[] = [];
  const lifecycle = new Lifecycle([
    recorded(log, 'a'),
    recorded(log, 'b', {start: failing}),
    recorded(log, 'c'),
  ]);
  await assert.rejects(lifecycle.start(), /broken/);
  assert.deepEqual(log, ['start a', 'start b', 'stop c', 'stop b', 'stop a']);
  await lifecycle.stop();
  assert.equal(log.length, 5);
});

test('a stop during a start waits until the start has ended', async () => {
  const log: string[] = [];
  const {promise, resolve} = Promise.withResolvers<void>();
  const lifecycle = new Lifecycle([recorded(log, 'a', {start: () => promise}), recorded(log, 'b')]);
  const started = lifecycle.start();
  const stopped = lifecycle.stop();
  resolve();
  await Promise.all([started, stopped]);
  assert.deepEqual(log, ['start a', 'start b', 'stop b', 'stop a']);
});

test('a part that fails to stop does not prevent the other parts from stopping', async () => {
  const log: string[] = [];
  const lifecycle = new Lifecycle([recorded(log, 'a'), recorded(log, 'b', {stop: failing})]);
  await lifecycle.start();
  await assert.rejects(lifecycle.stop(), AggregateError);
  assert.deepEqual(log, ['start a', 'start b', 'stop b', 'stop a']);
});
