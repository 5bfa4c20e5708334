/** The state machine: every phase with every event, and the invariants of every path. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {closeReasons} from '@hookswitch/protocol';
import fc from 'fast-check';
import {BASE_DELAY_MS, MAX_DELAY_MS} from '../src/backoff.ts';
import type {ConnectionState, SessionDetails} from '../src/connection-state.ts';
import {
  GOING_AWAY_SPREAD_MS,
  HIDDEN_DELAY_MS,
  initialState,
  type MachineEvent,
  type MachineState,
  STABLE_MS,
  transition,
  transitions,
} from '../src/machine.ts';
import {TOKEN_FLOOR_MS} from '../src/token-renewal.ts';

const session: SessionDetails = {
  sessionId: 's1',
  user: 'operator',
  scopes: ['calls:read:all'],
  epoch: 'e1',
  offset: 7,
  recovered: true,
  heartbeatMs: 25_000,
};

const events: {readonly [Type in MachineEvent['type']]: Extract<MachineEvent, {type: Type}>} = {
  connect: {type: 'connect'},
  token: {type: 'token'},
  'token-failed': {type: 'token-failed'},
  'cannot-open': {type: 'cannot-open'},
  closed: {type: 'closed', code: 1006},
  ready: {type: 'ready', session},
  'other-user': {type: 'other-user'},
  progress: {type: 'progress'},
  'caught-up': {type: 'caught-up'},
  silent: {type: 'silent'},
  timer: {type: 'timer'},
  online: {type: 'online'},
  offline: {type: 'offline'},
  visible: {type: 'visible'},
  hidden: {type: 'hidden'},
  suspend: {type: 'suspend'},
  resume: {type: 'resume'},
  dispose: {type: 'dispose'},
};

const begin = initialState(true);

/** The state after events at the same moment. */
function after(...names: readonly (MachineEvent | MachineEvent['type'])[]): MachineState {
  return names.reduce<MachineState>(
    (state, name) => step(state, typeof name === 'string' ? events[name] : name).state,
    begin,
  );
}

function step(state: MachineState, event: MachineEvent, now = 1000, random = 0.5) {
  return transition(state, event, {now, monotonic: now, random});
}

/** The state of the connection in which an event can occur. */
const origins: Partial<Record<MachineEvent['type'], 'asking' | 'open'>> = {
  token: 'asking',
  'token-failed': 'asking',
  'cannot-open': 'open',
  closed: 'open',
  ready: 'open',
  'other-user': 'open',
  progress: 'open',
  'caught-up': 'open',
  silent: 'open',
};

const states: {readonly [Phase in ConnectionState['phase']]: MachineState} = {
  stopped: begin,
  connecting: after('connect'),
  'catching-up': after('connect', 'token', 'ready'),
  live: after('connect', 'token', 'ready', 'caught-up'),
  waiting: after('connect', 'token', 'closed'),
};

/** The phase after each event. An event that is not listed does not change the phase. */
const expected: {
  readonly [Phase in ConnectionState['phase']]: Partial<Record<MachineEvent['type'], string>>;
} = {
  stopped: {connect: 'connecting'},
  connecting: {
    'token-failed': 'waiting',
    'cannot-open': 'stopped',
    closed: 'waiting',
    ready: 'catching-up',
    timer: 'waiting',
    offline: 'waiting',
    suspend: 'waiting',
    dispose: 'stopped',
  },
  'catching-up': {
    'caught-up': 'live',
    closed: 'waiting',
    silent: 'waiting',
    timer: 'live',
    offline: 'waiting',
    suspend: 'waiting',
    dispose: 'stopped',
  },
  live: {closed: 'waiting', silent: 'waiting', offline: 'waiting', suspend: 'waiting', dispose: 'stopped'},
  waiting: {
    connect: 'connecting',
    timer: 'connecting',
    online: 'connecting',
    visible: 'connecting',
    resume: 'connecting',
    dispose: 'stopped',
  },
};

test('the table is complete, and every event leads to the expected phase', () => {
  for (const phase of Object.keys(transitions) as ConnectionState['phase'][]) {
    assert.equal(states[phase].connection.phase, phase);
    assert.deepEqual(Object.keys(transitions[phase]).sort(), Object.keys(events).sort());
    for (const event of Object.values(events)) {
      const {state} = step(states[phase], event);
      assert.equal(state.connection.phase, expected[phase][event.type] ?? phase, `${phase} × ${event.type}`);
    }
  }
});

test("each close code leads to the reaction in the protocol's table", () => {
  const outcomes = Object.values(closeReasons).map(({code, retry}) => {
    const {state, effects} = step(states.live, {type: 'closed', code}, 1000 + STABLE_MS);
    return {
      code,
      retry,
      phase: state.connection.phase,
      first: effects.find(({type}) => type === 'ask-token'),
    };
  });
  const phases = {now: 'waiting', backoff: 'waiting', 'with-new-token': 'connecting', never: 'stopped'};
  for (const {retry, phase, first} of outcomes) {
    assert.equal(phase, phases[retry]);
    if (retry === 'with-new-token') assert.deepEqual(first, {type: 'ask-token'});
  }
});

test('[A3] 4401: a new token at once, then with back-off without an end; a fixed token stops', () => {
  const refused: MachineEvent = {type: 'closed', code: 4401, reason: 'The token expired.'};
  const once = step(states.live, refused, 1000 + STABLE_MS).state;
  assert.equal(once.connection.phase, 'connecting');
  let state = once;
  const delays = Array.from({length: 12}, (_, index) => {
    // A session that ends at once does not prove that the token is valid.
    const brief = index % 2 === 0 ? [events.token] : [events.token, events.ready, events['caught-up']];
    state = brief.reduce((before, event) => step(before, event).state, state);
    state = step(state, refused, 1000, 0).state;
    const {connection} = state;
    assert.ok(
      connection.phase === 'waiting' && connection.why === 'unauthorized',
      JSON.stringify(connection),
    );
    assert.equal(connection.code, 4401);
    state = step(state, events.timer).state;
    return (connection.retryAt ?? 0) - 1000;
  });
  // At least half of the back-off passes, and never less than the minimum interval.
  assert.deepEqual(delays.slice(0, 2), [TOKEN_FLOOR_MS, TOKEN_FLOOR_MS]);
  assert.equal(delays.at(-1), MAX_DELAY_MS / 2);
  const held = [events.token, events.ready].reduce((before, event) => step(before, event).state, state);
  assert.equal(step(held, refused, 1000 + STABLE_MS).state.connection.phase, 'connecting');

  const fixed = step({...states.live, renewable: false}, refused, 1000 + STABLE_MS).state.connection;
  assert.ok(fixed.phase === 'stopped' && fixed.why === 'unauthorized');
  assert.equal(fixed.reason, 'The token expired.');
});

test('a failing getToken is called again after at least half of the back-off', () => {
  const failing = (random: number) =>
    retryIn({...states.connecting, attempt: 2}, events['token-failed'], random);
  assert.deepEqual([failing(0), failing(1)], [BASE_DELAY_MS * 4, BASE_DELAY_MS * 8]);
});

test('the monotonic clock decides whether a session was stable, so setting the clock changes nothing', () => {
  const closed: MachineEvent = {type: 'closed', code: 1006};
  for (const now of [-3_600_000, 1000, 3_600_000]) {
    const brief: MachineState = transition(states.live, closed, {now, monotonic: 1001, random: 1}).state;
    const held: MachineState = transition(states.live, closed, {
      now,
      monotonic: 1000 + STABLE_MS,
      random: 1,
    }).state;
    assert.deepEqual([brief.attempt, held.attempt], [1, 0]);
  }
});

test("[A3] 4403 passes on the gateway's reason, such as an origin that is not allowed", () => {
  const reason = 'https://evil.example is not in ALLOWED_ORIGINS.';
  const {connection} = step(states.connecting, {type: 'closed', code: 4403, reason}).state;
  assert.ok(connection.phase === 'stopped' && connection.why === 'forbidden');
  assert.equal(connection.reason, reason);
  assert.match(connection.whatToDo, /^https:\/\/evil\.example is not in ALLOWED_ORIGINS\. \w/);
});

function retryIn(state: MachineState, event: MachineEvent, random: number): number {
  const {connection} = step(state, event, 0, random).state;
  assert.ok(connection.phase === 'waiting' && connection.retryAt !== undefined);
  return connection.retryAt;
}

test('full jitter from 0.5 to 20 s; a hint takes precedence; a hidden page is slow after its first attempt', () => {
  const closed: MachineEvent = {type: 'closed', code: 1006};
  const bounds = [0, 1, 2, 3, 4, 5, 6, 7, 40].map((attempt) => {
    const state = {...states.live, since: -STABLE_MS + 1, attempt};
    // An unstable session counts as one more failure.
    return retryIn(state, closed, 1);
  });
  assert.deepEqual(bounds, [
    1000,
    2000,
    4000,
    8000,
    16_000,
    MAX_DELAY_MS,
    MAX_DELAY_MS,
    MAX_DELAY_MS,
    MAX_DELAY_MS,
  ]);
  const held = {...states.live, since: -STABLE_MS, attempt: 9};
  assert.equal(retryIn(held, closed, 1), BASE_DELAY_MS);
  assert.equal(retryIn(held, closed, 0), 0);
  assert.equal(retryIn(held, {type: 'closed', code: 1001}, 1), GOING_AWAY_SPREAD_MS);
  assert.equal(retryIn(held, {type: 'closed', code: 1006, afterMs: 7000}, 1), 7000);
  const hidden = {...held, visible: false};
  assert.equal(retryIn(hidden, closed, 1), BASE_DELAY_MS);
  assert.equal(retryIn({...hidden, connection: states.connecting.connection}, closed, 0), HIDDEN_DELAY_MS);
});

test('a hint applies even if the page becomes visible, but an explicit connect does not wait', () => {
  const hinted = step(states.live, {type: 'closed', code: 1001, afterMs: 7000}).state;
  assert.equal(step(hinted, events.visible).state.connection.phase, 'waiting');
  assert.equal(step(hinted, events.connect).state.connection.phase, 'connecting');
});

test('no attempts while offline or in the back/forward cache, and one at once afterwards', () => {
  const offline = step(states.live, events.offline).state;
  assert.deepEqual(offline.connection, {
    phase: 'waiting',
    why: 'offline',
    attempt: 1,
    retryAt: undefined,
    code: undefined,
    hinted: false,
  });
  for (const event of [events.connect, events.timer, events.visible])
    assert.equal(step(offline, event).state.connection.phase, 'waiting');
  assert.equal(step(offline, events.online).state.connection.phase, 'connecting');
  const both = step(step(offline, events.suspend).state, events.online).state;
  assert.equal(both.connection.phase, 'waiting');
  assert.equal(step(both, events.resume).state.connection.phase, 'connecting');
});

test('a session without its snapshot is not live', () => {
  const fresh = after('connect', 'token', {type: 'ready', session: {...session, recovered: false}});
  const {state} = step(fresh, events.timer);
  assert.ok(state.connection.phase === 'waiting' && state.connection.why === 'timeout');
});

test('for any events: one socket only in a phase with a connection, one timer where a phase must end by itself', () => {
  const event = fc.oneof(
    fc.constantFrom(...Object.values(events)),
    fc.constantFrom(1001, 1006, 4401, 4403, 4408).map((code): MachineEvent => ({type: 'closed', code})),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(event, fc.nat(10_000)), {maxLength: 60}), (run) => {
      let state = begin;
      let line: 'none' | 'asking' | 'open' = 'none';
      let timer: number | undefined;
      let now = 0;
      for (const [next, ms] of run) {
        now += ms;
        // The I/O guarantees that closed sockets, canceled tokens and canceled timers cause no events.
        if (line !== (origins[next.type] ?? line) || (next.type === 'timer' && timer === undefined)) continue;
        if (next.type === 'timer') timer = undefined;
        const outcome = transition(state, next, {now, monotonic: now, random: 0.5});
        state = outcome.state;
        for (const effect of outcome.effects) {
          if (effect.type === 'close') line = 'none';
          else if (effect.type === 'ask-token') line = 'asking';
          else if (effect.type === 'open') line = 'open';
          else if (effect.type === 'timer') timer = effect.ms;
        }
        const {connection} = state;
        const expects = {
          stopped: 'none',
          waiting: 'none',
          connecting: connection.phase === 'connecting' && connection.step === 'token' ? 'asking' : 'open',
          'catching-up': 'open',
          live: 'open',
        } as const;
        assert.equal(line, expects[connection.phase]);
        const bounded =
          connection.phase === 'catching-up' ||
          (connection.phase === 'connecting' && connection.step === 'socket') ||
          (connection.phase === 'waiting' && connection.retryAt !== undefined);
        assert.equal(timer !== undefined, bounded, JSON.stringify([connection, timer]));
        if (connection.phase === 'waiting' && !bounded) assert.ok(!state.online || state.suspended);
      }
    }),
    {seed: Number(process.env['FC_SEED'] ?? 1), numRuns: 500},
  );
});
