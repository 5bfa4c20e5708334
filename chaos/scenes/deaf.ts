/** The connection on which one node hears of the others goes dead without a word, and nothing else makes it look. */
import {Client} from 'pg';
import {status} from '../../test/support/journal/journal-events.ts';
import {DatabaseLink} from '../../test/support/postgres/database-link.ts';
import {until} from '../../test/support/until.ts';
import {openNodes} from './open-nodes.ts';
import {type Scene, SOON_MS} from './scene.ts';

export const deaf: Scene = async (stage) => {
  const {url, stack, violate, note} = stage;
  const link = stack.use(await DatabaseLink.to(Number(new URL(url).port)));
  const around = new URL(url);
  around.port = String(link.port);
  const nodes = await openNodes(stage, [url, around.href]);
  const [writer, listener] = nodes;
  if (writer === undefined || listener === undefined) throw new Error('there are two nodes');
  const asked = new Client({connectionString: url});
  await asked.connect();
  stack.defer(() => asked.end());
  const ports = async () => {
    const {rows} = await asked.query(
      `SELECT client_port FROM pg_stat_activity WHERE application_name = 'node-2 listener'`,
    );
    return rows.map((row: Readonly<Record<string, unknown>>) => Number(row['client_port']));
  };
  await until(async () => (await ports()).some((port) => link.silenceOne(port)), {
    what: 'the listener to be silenced',
    timeoutMs: SOON_MS,
  });
  // The first may still be found by what was on its way when the connection went dead.
  for (const callSid of ['CA1', 'CA2']) {
    const {entry} = await writer.append(status(callSid, 'ringing'));
    const startedAt = performance.now();
    try {
      await until(() => listener.head() >= entry.offset, {timeoutMs: SOON_MS});
      note(`${Math.round(performance.now() - startedAt)} ms until it looked`);
    } catch {
      violate('stuck', `a node that hears nothing did not look for ${SOON_MS} ms`);
      return;
    }
  }
};
