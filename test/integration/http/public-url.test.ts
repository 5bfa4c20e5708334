/** PUBLIC_URL with a path (E), behind proxies that remove the path and proxies that keep it. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import twilio from 'twilio';
import {ACCESS_KEY} from '../../support/gateway/gateway.ts';
import {startHttpGateway} from '../../support/http/http-gateway.ts';
import {rawRequest} from '../../support/http/http-request.ts';
import {someCallSid, statusFields} from '../../support/twilio/signed-webhook.ts';

test('[E] [H5] a path in PUBLIC_URL is part of the signed URL, whether or not the proxy removes it', async () => {
  const publicUrl = 'https://gateway.example.com/voice/v1';
  await using http = await startHttpGateway({env: {PUBLIC_URL: `${publicUrl}/`}});
  const {gateway} = http;
  const send = (path: string, signedFor: string, number: number) => {
    const fields = statusFields(gateway, {CallSid: someCallSid(number), CallStatus: 'ringing'});
    const {authToken} = gateway.environment.twilio;
    return rawRequest(gateway.url, {
      method: 'POST',
      path,
      body: new URLSearchParams(fields).toString(),
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'x-twilio-signature': twilio.getExpectedTwilioSignature(authToken, signedFor, fields),
      },
    });
  };
  assert.equal((await send('/voice/v1/twilio/status', `${publicUrl}/twilio/status`, 1)).status, 204);
  assert.equal((await send('/twilio/status', `${publicUrl}/twilio/status`, 2)).status, 204);
  const origin = new URL(publicUrl).origin;
  assert.equal((await send('/twilio/status', `${origin}/twilio/status`, 3)).status, 403);
  assert.equal((await send('/voice/v1/twilio/status', `${origin}/twilio/status`, 4)).status, 403);
  assert.equal((await send('/voice/v12/twilio/status', `${publicUrl}/twilio/status`, 5)).status, 404);
  const headers = {authorization: `Bearer ${ACCESS_KEY}`};
  const listed = await rawRequest(gateway.url, {path: '/voice/v1/api/calls', headers});
  assert.equal(listed.body.calls.length, 2);
});

test('[E] [H1] the callback URLs and Location keep the path of PUBLIC_URL', async () => {
  await using http = await startHttpGateway({env: {PUBLIC_URL: 'https://gateway.example.com/voice/v1'}});
  const placed = await http.place({to: '+15550100001'});
  const location = placed.headers.get('location') ?? '';
  assert.equal(location, `/voice/v1/api/calls/${placed.body.callSid}`);
  assert.equal((await http.gateway.api(location)).body.callSid, placed.body.callSid);
  const form = http.twilio.of('create')[0]?.form;
  assert.match(
    form?.get('StatusCallback') ?? '',
    /^https:\/\/gateway\.example\.com\/voice\/v1\/twilio\/status\?ref=/,
  );
  assert.match(form?.get('Url') ?? '', /^https:\/\/gateway\.example\.com\/voice\/v1\/twilio\/voice\?ref=/);
});
