/** An append request has its own deadline. It is answered in time, regardless of the cause of the wait. */
import assert from 'node:assert/strict';
import {type TestContext, test} from 'node:test';
import {Client} from 'pg';
import {JournalUnavailableError} from '../../../src/errors/app-error.ts';
import type {Journal} from '../../../src/journal/journal.ts';
import {PostgresJournal} from '../../../src/journal/postgres/postgres-journal.ts';
import {COMMIT_MS, WAIT_MS} from '../../../src/journal/postgres/writer/write-queue.ts';
import {commit, openWriterSession} from '../../../src/journal/postgres/writer/writer-session.ts';
import {PostgresDatabase} from '../../../src/postgres/postgres-database.ts';
import {status} from '../../support/journal/journal-events.ts';
import {createNode, type NodeOptions, openNodes} from '../../support/journal/journal-postgres-fixture.ts';
import {ManualClock} from '../../support/manual-clock.ts';
import {databaseOf, postgresServer} from '../../support/postgres/postgres.ts';
import {StallingProxy} from '../../support/postgres/stalling-proxy.ts';
import {until} from '../../support/until.ts';

/** How late timers may be on a machine that shares its cores. */
const LATE_MS = 900;
/**
 * The lock is held until each node has refused this many appends, one every 40 ms. This takes longer than all
 * server-side limits in a row.
 */
const REFUSED = 110;

interface Answer {
  readonly tookMs: number;
  readonly refused: boolean;
}

/** Appends to a node every few milliseconds, without waiting for the answers, until it is stopped. */
class Load {
  readonly answers: Answer[] = [];
  readonly #asked: Promise<void>[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(node: Journal, name: string) {
    this.#timer = setInterval(() => {
      this.#asked.push(this.#append(node, `CA-${name}-${this.#asked.length}`));
    }, 40);
  }

  get refused(): number {
    return this.answers.filter(({refused}) => refused).length;
  }

  get slowestMs(): number {
    return Math.max(...this.answers.map(({tookMs}) => tookMs));
  }

  async end(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#asked);
  }

  async #append(node: Journal, callSid: string): Promise<void> {
    const startedAt = performance.now();
    const refused = await node.append(status(callSid, 'ringing')).then(
      () => false,
      (error: unknown) => {
        assert.ok(error instanceof JournalUnavailableError, String(error));
        return true;
      },
    );
    this.answers.push({tookMs: performance.now() - startedAt, refused});
  }
}

function isBack(node: Journal): Promise<boolean> {
  return node.probe().then(
    () => true,
    () => false,
  );
}

async function holderOf(t: TestContext, url: string) {
  const client = new Client({connectionString: url, application_name: 'somebodys console'});
  client.on('error', () => {});
  await client.connect();
  t.after(() => client.end());
  const {rows} = await client.query<{pid: number}>('SELECT pg_backend_pid() AS pid');
  return {client, pid: rows[0]?.pid ?? 0};
}

const HOLD = 'BEGIN; SELECT * FROM hookswitch.journal_head FOR UPDATE';

/** The actions of a foreign session that holds the head. Each function returns how to release it. */
const ways: Readonly<
  Record<string, (holder: Awaited<ReturnType<typeof holderOf>>) => Promise<() => Promise<unknown>>>
> = {
  'is idle in its transaction': async ({client}) => {
    await client.query(HOLD);
    return () => client.query('ROLLBACK');
  },
  'is executing a statement in its transaction': async ({client, pid}) => {
    await client.query(HOLD);
    const asleep = client.query('SELECT pg_sleep(60)').catch(() => {});
    return async () => {
      await (await postgresServer()).query(`SELECT pg_cancel_backend(${pid})`);
      await asleep;
      await client.query('ROLLBACK');
    };
  },
  'is a stopped server process': async ({client, pid}) => {
    await client.query(HOLD);
    process.kill(pid, 'SIGSTOP');
    return async () => {
      process.kill(pid, 'SIGCONT');
      await client.query('ROLLBACK');
    };
  },
};

void test('[H5] a foreign session holds the journal head', {concurrency: true}, async (t) => {
  for (const [way, hold] of Object.entries(ways)) {
    void t.test(`a session that ${way} delays no append beyond its deadline, at three nodes`, async (t) => {
      const {url, nodes} = await openNodes(t, 3);
      const loads = nodes.map((node, index) => new Load(node, String(index)));
      const release = await hold(await holderOf(t, url));
      await until(() => loads.every(({refused}) => refused >= REFUSED), {timeoutMs: 20_000});
      await release();
      await Promise.all(nodes.map((node) => until(() => isBack(node))));
      await Promise.all(loads.map((load) => load.end()));
      for (const {slowestMs} of loads) assert.ok(slowestMs < 2000 + LATE_MS, `${slowestMs} ms`);
    });
  }
});

void test('[H5] while the database is silent every append is answered in time, and the journal recovers by itself', async (t) => {
  const url = await databaseOf(t);
  const proxy = await StallingProxy.start(Number(new URL(url).port));
  t.after(() => proxy[Symbol.asyncDispose]());
  const node = createNode(url.replace(/:\d+\//, `:${proxy.port}/`));
  t.after(() => node.close());
  await node.open();
  const load = new Load(node, 'a');
  await until(() => node.head() > 5);
  proxy.stallAll();
  await until(() => load.refused >= REFUSED, {timeoutMs: 20_000});
  proxy.mend();
  const mendedAt = performance.now();
  await until(() => isBack(node));
  const backMs = performance.now() - mendedAt;
  assert.ok(backMs < 5000, `${backMs} ms`);
  await load.end();
  // Only appends in the current transaction at that time may take as long as a commit.
  const slow = load.answers.filter(({tookMs}) => tookMs > WAIT_MS + LATE_MS);
  assert.ok(slow.length < 10 && load.slowestMs < COMMIT_MS + LATE_MS, `${load.slowestMs} ms`);
});

/** Two tables per transaction that are locked one after the other. Each wait has a limit of its own. */
const transactions = {
  'an append': {
    tables: ['entries', 'calls'],
    ask: (node: Journal): Promise<unknown> => node.append(status('CA1', 'ringing')),
  },
  'a trim': {
    tables: ['calls', 'intents'],
    ask: (node: Journal): Promise<unknown> => node.trim({endedBefore: 1, limit: 1}),
  },
};

for (const [name, {tables, ask}] of Object.entries(transactions)) {
  void test(`${name} that is stuck releases the head, and the server ends it`, async (t) => {
    const {url, nodes} = await openNodes(t, 1);
    const [node] = nodes;
    assert.ok(node);
    const [first, second] = [await holderOf(t, url), await holderOf(t, url)];
    await first.client.query(`BEGIN; LOCK TABLE hookswitch.${tables[0]} IN ACCESS EXCLUSIVE MODE`);
    await second.client.query(`BEGIN; LOCK TABLE hookswitch.${tables[1]} IN ACCESS EXCLUSIVE MODE`);
    const startedAt = performance.now();
    const refused = assert.rejects(ask(node), JournalUnavailableError);
    await first.client.query('SELECT pg_sleep(1.6)');
    await first.client.query('ROLLBACK');
    await refused;
    await first.client.query(HOLD);
    const tookMs = performance.now() - startedAt;
    assert.ok(tookMs < 2250 + LATE_MS, `${tookMs} ms`);
  });
}

void test('the server ends an abandoned statement at once', async (t) => {
  const url = await databaseOf(t);
  const database = new PostgresDatabase({url});
  t.after(() => database.close());
  const {connection} = await openWriterSession(database, () => {});
  const [row] = await connection.query('SELECT pg_backend_pid() AS pid');
  const pid = Number(row?.['pid']);
  const isThere = async () => {
    const rows = await (await postgresServer()).query(`SELECT FROM pg_stat_activity WHERE pid = ${pid}`);
    return rows.length > 0;
  };
  const asleep = connection.query('SELECT pg_sleep(4)');
  await until(isThere);
  connection.close();
  await assert.rejects(asleep);
  await until(async () => !(await isThere()), {timeoutMs: 2000});
});

/** A node whose tail receives nothing more, and a second node. */
async function isolatedNode(t: TestContext, options: NodeOptions = {}) {
  const {url, nodes} = await openNodes(t, 1);
  const [other] = nodes;
  assert.ok(other);
  const proxy = await StallingProxy.start(Number(new URL(url).port));
  t.after(() => proxy[Symbol.asyncDispose]());
  const behind = url.replace(/:\d+\//, `:${proxy.port}/`);
  const node = new PostgresJournal({
    ...options,
    database: new PostgresDatabase({url: behind, applicationName: 'behind'}),
  });
  t.after(() => node.close());
  await node.open();
  const sql = async (text: string) => (await postgresServer()).query(text, new URL(url).pathname.slice(1));
  await other.append(status('CA1', 'ringing'));
  await until(() => node.head() === 1);
  const [tail] = await sql(
    `SELECT client_port FROM pg_stat_activity WHERE application_name = 'behind tail'
      AND datname = current_database()`,
  );
  proxy.stall(Number(tail?.['client_port']));
  await other.append(status('CA2', 'ringing'));
  return {node, sql};
}

void test('[J1] a commit is reported even if the earlier entries of other nodes cannot be read', async (t) => {
  const {node} = await isolatedNode(t);
  const startedAt = performance.now();
  const {entry} = await node.append(status('CA3', 'ringing'));
  const tookMs = performance.now() - startedAt;
  assert.equal(entry.offset, 3);
  assert.ok(tookMs < 1000 + LATE_MS, `${tookMs} ms`);
  const page = await node.read(0, 10);
  assert.deepEqual(page.kind === 'entries' && page.entries.map(({offset}) => offset), [1, 2, 3]);
});

void test('[J1] a journal that is closed reports what it has committed', async (t) => {
  // Its clock stands still, so only closing ends the wait for the entries of the other node.
  const {node, sql} = await isolatedNode(t, {clock: new ManualClock()});
  const appended = node.append(status('CA3', 'ringing'));
  await until(async () => (await sql('SELECT FROM hookswitch.entries')).length === 3);
  await node.close();
  assert.equal((await appended).entry.offset, 3);
});

void test('[J1] a COMMIT that rolls back a failed transaction is not a commit', async (t) => {
  const database = new PostgresDatabase({url: await databaseOf(t)});
  t.after(() => database.close());
  const {connection} = await openWriterSession(database, () => {});
  t.after(() => connection.close());
  await connection.run('BEGIN');
  await assert.rejects(connection.query('SELECT 1/0'));
  await assert.rejects(commit(connection), /not committed: ROLLBACK/);
  await connection.run('BEGIN; SELECT 1');
  await commit(connection);
});
