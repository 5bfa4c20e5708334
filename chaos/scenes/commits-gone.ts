/** The last commits are lost, as after a failover to a lagging standby, and their offsets are assigned again. */
import {Client} from 'pg';
import type {JournalOpening} from '../../src/journal/followable-journal.ts';
import {status} from '../../test/support/journal/journal-events.ts';
import {until} from '../../test/support/until.ts';
import {openNodes} from './open-nodes.ts';
import {type Scene, SOON_MS} from './scene.ts';

const APPENDED = 6;
const LEFT = 4;

export const commitsGone: Scene = async (stage) => {
  const {url, stack, violate} = stage;
  const nodes = await openNodes(stage, [url, url]);
  const [first, second] = nodes;
  if (first === undefined || second === undefined) throw new Error('expected two nodes');
  const epochs: string[][] = nodes.map(() => []);
  for (const [index, node] of nodes.entries())
    node.onEpoch?.(({epoch}: JournalOpening) => epochs[index]?.push(epoch));
  for (let index = 0; index < APPENDED; index += 1) await first.append(status(`CA${index}`, 'ringing'));
  await until(() => second.head() === APPENDED, {timeoutMs: SOON_MS});
  const standby = new Client({connectionString: url});
  await standby.connect();
  stack.defer(() => standby.end());
  const {rows} = await standby.query('SELECT epoch FROM hookswitch.journal_head');
  await standby.query(
    `DELETE FROM hookswitch.entries WHERE "offset" > ${LEFT};
     DELETE FROM hookswitch.calls WHERE first_offset > ${LEFT};
     UPDATE hookswitch.journal_head SET timeline = '0000000A'`,
  );
  await first.append(status('CA-new', 'ringing'));
  const [before] = rows as readonly {readonly epoch: string}[];
  try {
    await until(() => epochs.every((seen) => seen.length > 0), {timeoutMs: SOON_MS});
  } catch {
    violate(
      'corrupt',
      `offset ${LEFT + 1} was assigned again, but the nodes saw these epochs: ${JSON.stringify(epochs)}`,
    );
  }
  const seen = new Set(epochs.flat());
  if (seen.size > 1 || seen.has(before?.epoch ?? ''))
    violate('corrupt', `${before?.epoch} was followed by ${[...seen].join()}`);
};
