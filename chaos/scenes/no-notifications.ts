/** The LISTEN connection of one idle node goes silent, so that only its poll can find new entries. */
import {Client} from 'pg';
import {status} from '../../test/support/journal/journal-events.ts';
import {DatabaseLink} from '../../test/support/postgres/database-link.ts';
import {until} from '../../test/support/until.ts';
import {openNodes} from './open-nodes.ts';
import {type Scene, SOON_MS} from './scene.ts';

export const noNotifications: Scene = async (stage) => {
  const {url, stack, violate, note} = stage;
  const link = stack.use(await DatabaseLink.to(Number(new URL(url).port)));
  const around = new URL(url);
  around.port = String(link.port);
  const nodes = await openNodes(stage, [url, around.href]);
  const [writer, listener] = nodes;
  if (writer === undefined || listener === undefined) throw new Error('expected two nodes');
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
  // The first entry may still arrive through data that was in transit when the connection went silent.
  for (const callSid of ['CA1', 'CA2']) {
    const {entry} = await writer.append(status(callSid, 'ringing'));
    const startedAt = performance.now();
    try {
      await until(() => listener.head() >= entry.offset, {timeoutMs: SOON_MS});
      note(`${Math.round(performance.now() - startedAt)} ms until the poll`);
    } catch {
      violate('stuck', `a node without notifications did not poll for ${SOON_MS} ms`);
      return;
    }
  }
};
