/** The last commits are gone, as after a failover to a standby that had not got them, and their offsets are given out anew. */
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
  if (first === undefined || second === undefined) throw new Error('there are two nodes');
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
    await until(() => epochs.every((heard) => heard.length > 0), {timeoutMs: SOON_MS});
  } catch {
    violate('corrupt', `${LEFT + 1} is another entry now, and the nodes heard of ${JSON.stringify(epochs)}`);
  }
  const heard = new Set(epochs.flat());
  if (heard.size > 1 || heard.has(before?.epoch ?? ''))
    violate('corrupt', `${before?.epoch} was followed by ${[...heard].join()}`);
};
