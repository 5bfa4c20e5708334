import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {type TestContext, test} from 'node:test';
import {fieldsOf, postgresCpuUs} from './postgres-cpu.ts';

const isLinux = process.platform === 'linux';
/** Work of a shell without any other program: some tenths of a second. */
const WORK = 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done';
/** Far more than a shell needs that only waits. */
const SOME_US = 40_000;

/** CPU of a shell and its children, once it has said that it is ready. */
async function usedBy(t: TestContext, script: string): Promise<number> {
  const shell = spawn('sh', ['-c', script], {stdio: ['ignore', 'pipe', 'inherit'], detached: true});
  t.after(() => {
    if (shell.pid !== undefined) process.kill(-shell.pid, 'SIGKILL');
  });
  await once(shell.stdout, 'data');
  return postgresCpuUs(shell.pid ?? 0);
}

test('a program may be called anything', () => {
  assert.deepEqual(fieldsOf('12 (post) gres (x)) S 3 4'), ['S', '3', '4']);
});

test('children that run and children that have ended are counted', {skip: !isLinux}, async (t) => {
  assert.ok((await usedBy(t, 'echo ready; sleep 60')) < SOME_US);
  assert.ok((await usedBy(t, `(${WORK}); echo ready; sleep 60`)) > SOME_US);
  assert.ok((await usedBy(t, `(${WORK}; echo ready; sleep 60) & wait`)) > SOME_US);
});

test('a process that is not there is no zero', {skip: !isLinux}, () => {
  assert.throws(() => postgresCpuUs(2 ** 30), /no process/);
});
