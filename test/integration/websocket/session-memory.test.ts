/**
 * The memory that an open session keeps of its connection. Ten thousand sessions are idle most of the time.
 */
import assert from 'node:assert/strict';
import type {IncomingMessage} from 'node:http';
import {test} from 'node:test';
import {collectGarbage} from '../../support/heap.ts';
import {until} from '../../support/until.ts';
import {callSid as sidOf, startSessionHost} from './session-host.ts';

test('an open session keeps no reference to its upgrade request', async () => {
  await using host = await startSessionHost();
  const requests: WeakRef<IncomingMessage>[] = [];
  host.http.prependListener('upgrade', (request: IncomingMessage) => requests.push(new WeakRef(request)));
  const client = await host.session();
  assert.equal(requests.length, 1);
  await until(
    () => {
      collectGarbage();
      return requests.every((request) => request.deref() === undefined);
    },
    {what: 'the request to be freed'},
  );
  // It is still a session and receives events.
  await host.append(1, 'ringing');
  const {callSid} = await client.receive('call.status');
  assert.equal(callSid, sidOf(1));
});
