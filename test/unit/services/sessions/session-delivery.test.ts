/** Delivery to many sessions in slices: a session whose turn came before a new entry gets another turn. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {SessionSocket} from '../../../../src/services/sessions/session.ts';
import {everyone, startSessionHost} from '../../../integration/websocket/session-host.ts';
import {until} from '../../../support/until.ts';

const SESSIONS = 1500;
const SLICE = 256;

function socketOf(onWrite: () => void): SessionSocket {
  return {unsentBytes: 0, drainMark: 0, write: onWrite, ping: () => {}, close: () => {}, terminate: () => {}};
}

test('[W12] an entry that arrives during a round also reaches the sessions that were already served', async () => {
  await using host = await startSessionHost();
  let round = false;
  let midRound: Promise<unknown> | undefined;
  const pause = new Int32Array(new SharedArrayBuffer(4));
  const peer = {address: '', protocol: ''};
  for (let index = 0; index < SESSIONS; index += 1) {
    const onWrite = () => {
      if (!round) return;
      if (index === 0) midRound ??= host.append(2, 'ringing');
      // Blocks the loop once per slice, so that the entry is durable and known before the round is over.
      if (index % SLICE === 0) Atomics.wait(pause, 0, 0, 20);
    };
    host.sessions.open({socket: socketOf(onWrite), principal: everyone, peer});
  }
  round = true;
  await host.append(1, 'ringing');
  await until(() => midRound);
  await midRound;
  await host.caughtUp();
  await until(() => host.sessions.laggingCount === 0, {what: 'every session to be at the head'});
  assert.equal([...host.sessions.sessionList.list()].filter(({offset}) => offset === 2).length, SESSIONS);
});

test('sessions that open and close during a round get their own entries, and delivery continues', async () => {
  await using host = await startSessionHost();
  const peer = {address: '', protocol: ''};
  const open = (onWrite = () => {}) =>
    host.sessions.open({socket: socketOf(onWrite), principal: everyone, peer});
  const sessions = Array.from({length: SESSIONS}, (_, index) =>
    open(() => {
      // Every tenth session, in its own write, closes a session that is still to come and opens a new one.
      if (index % 10 !== 0 || host.feed.head === 0) return;
      const other = sessions[index + 5];
      if (other === undefined || other.state.phase === 'closing') return;
      host.sessions.handleClose(other, 1006);
      open();
    }),
  );
  await host.append(1, 'ringing');
  await until(() => host.sessions.laggingCount === 0 && host.feed.head === 1);
  assert.equal(host.sessions.openCount, SESSIONS);
});
