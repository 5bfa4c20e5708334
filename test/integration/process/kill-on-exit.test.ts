/** A test that is killed leaves no processes behind that could block the build or the next test. */
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';
import {until} from '../../support/until.ts';

const support = new URL('../../support/gateway/kill-on-exit.ts', import.meta.url);
const script = `
  import {spawn} from 'node:child_process';
  import {killOnExit} from ${JSON.stringify(support.href)};
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {stdio: 'ignore'});
  killOnExit(child);
  process.stdout.write(String(child.pid));
  setInterval(() => {}, 1000);
`;

for (const signal of ['SIGTERM', 'SIGKILL'] as const)
  test(`child processes end with the process that started them, ended by ${signal}`, async (t) => {
    const starter = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.after(() => starter.kill('SIGKILL'));
    let output = '';
    starter.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    const pid = Number(await until(() => output !== '' && output));
    assert.ok(isRunning(pid));
    starter.kill(signal);
    await until(() => !isRunning(pid), {what: `${pid} to end`});
  });

/** A process that nobody has reaped is a zombie, so it has ended. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
