import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {test} from 'node:test';
import {fileURLToPath} from 'node:url';

const program = fileURLToPath(new URL('run.js', import.meta.url));

function scaling(...args: readonly string[]) {
  return spawnSync(process.execPath, [program, ...args], {encoding: 'utf8'});
}

test('a demand that is named is sized in one row; without an audience everybody is told', () => {
  const {status, stdout} = scaling('--events', '20', '--sessions', '300');
  const [, , row = '', ...rest] = stdout.trim().split('\n');
  assert.equal(status, 0);
  assert.match(row, /^\| 20 +\| +300 \| +300 \| +does \(/);
  assert.deepEqual(rest, []);
});

test('nobody can be told who is not there', () => {
  assert.match(scaling('--events', '20', '--sessions', '300', '--audience', '900').stdout, / 300 \| +300 /);
});

test('what is no number, and no option, is refused with the usage', () => {
  for (const args of [
    ['--events', 'many'],
    ['--events=-5'],
    ['--events=0'],
    ['--events='],
    ['--nodes', '3'],
  ]) {
    const {status, stderr, stdout} = scaling(...args);
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(stderr, /Usage: npm run scaling/);
  }
});
