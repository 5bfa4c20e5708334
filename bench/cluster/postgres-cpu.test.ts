import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {type TestContext, test} from 'node:test';
import {fieldsOf, postgresCpuUs} from './postgres-cpu.ts';

const isLinux = process.platform === 'linux';
/** A busy loop in the shell: some tenths of a second. */
const WORK = 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done';
/** More than an idle shell needs. */
const SOME_US = 40_000;

/** CPU of a shell and its children, once it has printed a line. */
async function usedBy(t: TestContext, script: string): Promise<number> {
  const shell = spawn('sh', ['-c', script], {stdio: ['ignore', 'pipe', 'inherit'], detached: true});
  t.after(() => {
    if (shell.pid !== undefined) process.kill(-shell.pid, 'SIGKILL');
  });
  await once(shell.stdout, 'data');
  return postgresCpuUs(shell.pid ?? 0);
}

test('a program name may contain any characters', () => {
  assert.deepEqual(fieldsOf('12 (post) gres (x)) S 3 4'), ['S', '3', '4']);
});

test('running children and ended children are counted', {skip: !isLinux}, async (t) => {
  assert.ok((await usedBy(t, 'echo ready; sleep 60')) < SOME_US);
  assert.ok((await usedBy(t, `(${WORK}); echo ready; sleep 60`)) > SOME_US);
  assert.ok((await usedBy(t, `(${WORK}; echo ready; sleep 60) & wait`)) > SOME_US);
});

test('a missing process is an error, not zero', {skip: !isLinux}, () => {
  assert.throws(() => postgresCpuUs(2 ** 30), /no process/);
});
