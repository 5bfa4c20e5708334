/** The list of sessions against a gateway's pages. It must not move rows while the user reads. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {setImmediate as turn} from 'node:timers/promises';
import type {SessionInfo, SessionPage} from '@hookswitch/protocol';
import {ApiError} from '../../src/api/api-error.ts';
import {type LoadedSessions, SessionList} from '../../src/screens/connections/session-list.ts';
import type {SessionSort} from '../../src/screens/connections/session-query.ts';

const POLL_MS = 3000;
const PAGE = 4;

/** Sessions in order of connection, in pages like the gateway's. */
class Line {
  readonly sessions: SessionInfo[] = [];
  readonly asked: (string | undefined)[] = [];
  failing: ApiError | undefined;
  due: (() => void) | undefined;
  #opened = 0;

  add(...users: readonly string[]): this {
    for (const user of users) {
      this.#opened += 1;
      const time = new Date(Date.UTC(2026, 0, 1) + this.#opened * 1000).toISOString();
      this.sessions.unshift({
        sessionId: user,
        user,
        scopes: [],
        phase: 'streaming',
        subscription: 'all',
        offset: 0,
        lag: 0,
        unsentBytes: 0,
        connectedAt: time,
        lastActivityAt: time,
        address: '127.0.0.1',
        protocol: '',
      });
    }
    return this;
  }

  remove(user: string): void {
    this.sessions.splice(
      this.sessions.findIndex((session) => session.user === user),
      1,
    );
  }

  change(user: string, change: Partial<SessionInfo>): void {
    const at = this.sessions.findIndex((session) => session.user === user);
    this.sessions.splice(at, 1, {...this.#at(at), ...change});
  }

  #at(index: number): SessionInfo {
    const found = this.sessions[index];
    assert.ok(found !== undefined);
    return found;
  }

  page(cursor: string | undefined): SessionPage {
    this.asked.push(cursor);
    if (this.failing !== undefined) throw this.failing;
    const after = this.sessions.filter(({connectedAt}) => cursor === undefined || connectedAt < cursor);
    const sessions = after.slice(0, PAGE);
    const last = sessions.at(-1);
    const counts = {open: this.sessions.length, lagging: 0, byPhase: {}, closes: [], opened: this.#opened};
    const next = after.length > PAGE && last !== undefined ? {nextCursor: last.connectedAt} : {};
    return {sessions, total: this.sessions.length, counts, ...next};
  }

  list(sort: SessionSort = 'connected'): SessionList {
    return new SessionList({
      sort,
      load: async (cursor) => this.page(cursor),
      pollMs: POLL_MS,
      ports: {
        now: () => 0,
        after: (_delayMs, run) => {
          this.due = run;
          return () => {
            this.due = undefined;
          };
        },
        isHidden: () => false,
        onVisibility: () => () => {},
      },
    });
  }

  /** Runs the poll that is due. */
  async poll(): Promise<void> {
    const run = this.due;
    assert.ok(run !== undefined, 'nothing is planned');
    this.due = undefined;
    run();
    await settled();
  }
}

async function settled(): Promise<void> {
  for (let turns = 0; turns < 20; turns += 1) await turn();
}

function loaded(list: SessionList): LoadedSessions {
  const snapshot = list.getSnapshot();
  assert.ok(snapshot.state === 'ready', snapshot.state);
  return snapshot;
}

/** `c b a`, with the state of rows that are not current. */
function shown(list: SessionList): string {
  return loaded(list)
    .rows.map(({info, seen}) => (seen === 'now' ? info.user : `${info.user}:${seen}`))
    .join(' ');
}

test('further pages are loaded only up to the visible rows', async () => {
  const line = new Line().add(...'a b c d e f g h i j'.split(' '));
  const list = line.list();
  const end = list.subscribe(() => {});
  await settled();
  assert.equal(shown(list), 'j i h g');
  assert.ok(loaded(list).hasMore);
  list.setVisible(0, 2);
  await settled();
  assert.equal(line.asked.length, 1);
  list.setVisible(0, 9);
  await settled();
  assert.equal(shown(list), 'j i h g f e d c b a');
  assert.ok(!loaded(list).hasMore);
  assert.equal(line.asked.length, 3);
  end();
});

test('while the user does not read, the list equals the response', async () => {
  const line = new Line().add('a', 'b');
  const list = line.list();
  list.subscribe(() => {});
  await settled();
  line.remove('a');
  line.add('c');
  await line.poll();
  assert.equal(shown(list), 'c b');
  assert.equal(loaded(list).news, undefined);
});

test('while the user reads, rows keep their places: values change, closed sessions are marked, new ones are counted', async () => {
  const line = new Line().add(...'a b c d e f g h i j'.split(' '));
  const list = line.list();
  list.subscribe(() => {});
  await settled();
  list.setVisible(0, 9);
  await settled();
  list.setHeld(true);
  list.setVisible(4, 7);
  line.remove('e');
  line.remove('i');
  line.change('d', {lag: 7});
  line.add('k', 'l');
  await line.poll();
  assert.equal(shown(list), 'j i:closed h g f e:closed d c b a');
  assert.equal(loaded(list).rows[6]?.info.lag, 7);
  assert.equal(loaded(list).news?.newSessions, 2);
  list.showLatest();
  await settled();
  assert.ok(shown(list).startsWith('l k j h'), shown(list));
  assert.equal(loaded(list).news, undefined);
});

test('a session pushed off the first page by new ones is not closed', async () => {
  const line = new Line().add(...'a b c d e f'.split(' '));
  const list = line.list();
  list.subscribe(() => {});
  await settled();
  list.setHeld(true);
  line.add('g', 'h');
  await line.poll();
  assert.equal(shown(list), 'f e d c');
  line.remove('f');
  await line.poll();
  assert.equal(shown(list), 'f:closed e d c');
});

test('in an order in which sessions move, a missing session is not marked as closed', async () => {
  const line = new Line().add(...'a b c d e f'.split(' '));
  const list = line.list('lag');
  list.subscribe(() => {});
  await settled();
  list.setHeld(true);
  line.remove('e');
  await line.poll();
  assert.equal(shown(list), 'f e:elsewhere d c');
  assert.ok(loaded(list).news !== undefined);
});

test('a paused list does not poll; resuming loads at once', async () => {
  const line = new Line().add('a');
  const list = line.list();
  list.subscribe(() => {});
  await settled();
  list.setPaused(true);
  assert.equal(line.due, undefined);
  line.add('b');
  await settled();
  assert.equal(shown(list), 'a');
  // An explicit reload works, and does not resume polling.
  list.showLatest();
  await settled();
  assert.equal(shown(list), 'b a');
  assert.equal(line.due, undefined);
  line.add('c');
  list.setPaused(false);
  await settled();
  assert.equal(shown(list), 'c b a');
});

test('after a failure, the rows stay until the next response; a 403 ends the polling', async () => {
  const line = new Line().add('a');
  const list = line.list();
  list.subscribe(() => {});
  await settled();
  line.failing = new ApiError('away', {status: 0, code: 'unreachable'});
  await line.poll();
  assert.equal(shown(list), 'a');
  assert.equal(loaded(list).stale?.message, 'away');
  line.failing = undefined;
  await line.poll();
  assert.equal(loaded(list).stale, undefined);
  line.failing = new ApiError('no', {status: 403, code: 'forbidden'});
  await line.poll();
  assert.equal(list.getSnapshot().state, 'forbidden');
  assert.equal(line.due, undefined);
});
