/**
 * A rolling upgrade on the database: nodes of the previous version work while the first new node changes the
 * tables.
 */
import assert from 'node:assert/strict';
import {type TestContext, test} from 'node:test';
import {Client} from 'pg';
import {migrate} from '../../../src/postgres/migrate.ts';
import {migrations} from '../../../src/postgres/migrations/index.ts';
import type {Migration} from '../../../src/postgres/migrations/migration.ts';
import {PostgresDatabase} from '../../../src/postgres/postgres-database.ts';
import {migrationLimits} from '../../../src/postgres/session-settings.ts';
import {START, status, wholeCall} from '../../support/journal/journal-events.ts';
import {createNode, openNodes} from '../../support/journal/journal-postgres-fixture.ts';
import {until} from '../../support/until.ts';

/** All changes that the rule in `migration.ts` allows, on every table that older nodes write and read. */
const next: Migration = {
  id: migrations.length + 1,
  name: 'next',
  up: `ALTER TABLE hookswitch.journal_head ADD COLUMN note text;
    ALTER TABLE hookswitch.entries ADD COLUMN note text NOT NULL DEFAULT 'none';
    ALTER TABLE hookswitch.calls ADD COLUMN note text;
    ALTER TABLE hookswitch.intents ADD COLUMN note text;
    ALTER TABLE hookswitch.sessions ADD COLUMN note text;
    CREATE TABLE hookswitch.notes (call_sid text PRIMARY KEY, note text NOT NULL);
    CREATE INDEX intents_by_note ON hookswitch.intents (note);`,
};

/** The migration that the first node of the next version runs at its start. */
async function upgrade(t: TestContext, url: string, onHeld: () => void = () => {}): Promise<void> {
  const database = new PostgresDatabase({url, applicationName: 'next'});
  t.after(() => database.close());
  const connection = await database.connect('start', migrationLimits);
  try {
    await migrate(connection, [...migrations, next], onHeld);
  } finally {
    connection.close();
  }
}

void test('nodes of the previous version append, read, trim and start while the tables change', async (t) => {
  const {url, nodes} = await openNodes(t, 2);
  const [a, b] = nodes;
  assert.ok(a && b);
  // Runs all statements once, so that they are prepared on the old tables.
  for (const event of wholeCall('CA-before')) await a.append(event);
  await b.append(status('CA0', 'ringing'));
  let upgraded = false;
  const appends = nodes.map(async (node, index) => {
    let after = 0;
    for (let number = 0; after < 20; number += 1) {
      await node.append(status(`CA${index}-${number}`, 'ringing'));
      if (upgraded) after += 1;
    }
  });
  await upgrade(t, url).finally(() => {
    upgraded = true;
  });
  await Promise.all(appends);
  assert.equal((await b.callHistory('CA-before'))?.entries.length, 4);
  assert.equal(await a.trim({endedBefore: START + 30_000, limit: 10}), 1);
  assert.equal((await b.listCalls({limit: 5})).calls.length, 5);
  const another = createNode(url);
  t.after(() => another.close());
  await another.open();
  const {entry} = await another.append(status('CA-after', 'ringing'));
  await until(() => nodes.every((node) => node.head() === entry.offset));
  const page = await another.read(4, 10_000);
  assert.ok(page.kind === 'entries');
  assert.equal(page.entries.length, entry.offset - 4);
});

void test('a migration that waits for a foreign transaction blocks no append', async (t) => {
  const {url, nodes} = await openNodes(t, 1);
  const [node] = nodes;
  assert.ok(node);
  await node.append(status('CA0', 'ringing'));
  // Like pg_dump, this transaction has read a table and keeps its lock until the end.
  const backup = new Client({connectionString: url});
  await backup.connect();
  await backup.query('BEGIN; LOCK TABLE hookswitch.entries IN ACCESS SHARE MODE');
  let held = 0;
  let upgraded = false;
  const upgrading = upgrade(t, url, () => {
    held += 1;
  }).finally(() => {
    upgraded = true;
  });
  await until(() => held > 0);
  // No append is refused, regardless of how often the migration tries.
  const waiting = performance.now() + 3000;
  for (let number = 1; performance.now() < waiting; number += 1) {
    await node.append(status(`CA${number}`, 'ringing'));
  }
  assert.deepEqual([held, upgraded], [1, false]);
  await backup.end();
  await upgrading;
  await node.append(status('CA-after', 'ringing'));
});
