/** Destinations of a call: all addresses that Twilio accepts, and no way around ALLOWED_DESTINATIONS (H1). */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {startHttpGateway} from '../../support/http/http-gateway.ts';
import {assertProblem} from '../../support/http/http-request.ts';

test('[H1] clients with custom parameters and any identity, and SIP addresses with headers, are dialed unchanged', async () => {
  await using http = await startHttpGateway();
  const addresses = [
    ...['client:alice?customer=42', 'client:team:alice', "client:o'hara", 'client:Größe', 'client:a%20b'],
    ...['sip:a@b.example:5061;transport=tls', 'sips:a@b.example', `client:${'a'.repeat(256)}`],
    `sip:a@b.example?${'X-A=1&'.repeat(200).slice(0, 1024)}`,
  ];
  for (const to of addresses) {
    const answer = await http.place({to, twiml: '<Response/>'});
    // Twilio may refuse the number (422), but the gateway has to accept the request.
    assert.notEqual(answer.status, 400, to);
    if (answer.status === 201) assert.equal(answer.body.to, to);
    assert.notEqual((await http.place({to: '+15550100001', connectTo: to})).status, 400, to);
  }
});

test('[H1] ALLOWED_DESTINATIONS also applies to addresses with parameters', async () => {
  await using http = await startHttpGateway({env: {ALLOWED_DESTINATIONS: 'client:alice,+1555'}});
  const answer = await http.place({to: 'client:alice?customer=42', twiml: '<Response/>'});
  assert.notEqual(answer.status, 403);
  for (const to of [
    'client:bob?x=client:alice',
    'client:%61lice',
    'sip:client:alice@b.example',
    '+4415550100',
  ])
    for (const body of [{to}, {to: '+15550100001', connectTo: to}])
      assertProblem(await http.place(body), {status: 403, code: 'forbidden'});
});
