import assert from 'node:assert/strict';
import {test} from 'node:test';
import {MESSAGE_BURST} from '@hookswitch/protocol';
import {MAX_REFUSED_MESSAGES, Session} from '../../../../src/services/sessions/session.ts';

const socket = {
  unsentBytes: 0,
  drainMark: 0,
  write: () => {},
  ping: () => {},
  close: () => {},
  terminate: () => {},
};

function open(): Session {
  const principal = {user: 'ann', scopes: new Set(['calls:read'] as const)};
  return new Session({id: 's', principal, socket, peer: {address: '', protocol: ''}, now: 0, monotonic: 0});
}

test('[W14] twenty messages are accepted at once, then one every half second', () => {
  const session = open();
  for (let index = 0; index < MESSAGE_BURST; index += 1) assert.equal(session.admitMessage(0), 'admitted');
  assert.equal(session.admitMessage(499), 'refused');
  assert.equal(session.admitMessage(500), 'admitted');
  assert.equal(session.admitMessage(501), 'refused');
});

test('[W14] a long silence saves up no more than one burst', () => {
  const session = open();
  for (let index = 0; index < MESSAGE_BURST; index += 1) assert.equal(session.admitMessage(1e9), 'admitted');
  assert.equal(session.admitMessage(1e9), 'refused');
});

test('[W14] a session that keeps sending refused messages is closed, and a session that pauses starts over', () => {
  const session = open();
  const burst = () =>
    Array.from({length: MESSAGE_BURST + MAX_REFUSED_MESSAGES}, () => session.admitMessage(now));
  let now = 0;
  assert.ok(!burst().includes('closed'));
  now = 60_000;
  assert.ok(!burst().includes('closed'));
  assert.equal(session.admitMessage(now), 'closed');
});

test('[W8] a new token keeps the subscription, and the visibility filter follows both', () => {
  const session = open();
  session.subscription = ['CA1'];
  assert.equal(session.visibility.sees({callSid: 'CA1', owner: 'ann'}), true);
  assert.equal(session.visibility.sees({callSid: 'CA1', owner: 'bob'}), false);
  session.principal = {user: 'ann', scopes: new Set(['calls:read:all'])};
  assert.equal(session.visibility.sees({callSid: 'CA1', owner: 'bob'}), true);
  assert.equal(session.visibility.sees({callSid: 'CA2', owner: 'ann'}), false);
});
