import assert from 'node:assert/strict';
import {request} from 'node:http';
import {test} from 'node:test';
import {numbers, type Setup, setup, until} from './support.ts';

const from = '+15005550006';
const idle = '<Response><Pause length="6000"/></Response>';

interface CallPage {
  readonly calls: {readonly sid: string}[];
  readonly next_page_uri: string | null;
  readonly [field: string]: unknown;
}

async function page({simulator}: Setup, uri: string): Promise<CallPage> {
  const authorization = Buffer.from(`${simulator.accountSid}:${simulator.authToken}`).toString('base64');
  const response = await fetch(simulator.url + uri, {headers: {authorization: `Basic ${authorization}`}});
  return (await response.json()) as CallPage;
}

/** Sends a raw request line, because `fetch` would normalize it. */
function raw(
  {simulator}: Setup,
  path: string,
  headers: Record<string, string> = {},
): Promise<[number, string]> {
  const {hostname, port} = new URL(simulator.url);
  return new Promise((resolve, reject) => {
    const sent = request({hostname, port, path, headers}, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => resolve([response.statusCode ?? 0, body]));
    });
    sent.on('error', reject).end();
  });
}

test('calls in progress are listed page by page, even if calls end between the pages', async (t) => {
  const s = await setup(t);
  const sids: string[] = [];
  for (let index = 0; index < 6; index += 1) {
    sids.unshift((await s.client.calls.create({to: numbers.answered, from, twiml: idle})).sid);
  }
  await until(() => s.simulator.calls().every(({status}) => status === 'in-progress'));
  const path = `/2010-04-01/Accounts/${s.simulator.accountSid}/Calls.json`;
  const first = await page(s, `${path}?Status=in-progress&PageSize=2`);
  assert.deepEqual(
    first.calls.map(({sid}) => sid),
    sids.slice(0, 2),
  );
  assert.equal(first.next_page_uri, `${path}?Status=in-progress&PageSize=2&Page=1&PageToken=PA${sids[1]}`);
  // The call in the token is no longer in the list.
  s.simulator.hangUp(sids[1] ?? '');
  const second = await page(s, first.next_page_uri ?? '');
  assert.deepEqual(
    second.calls.map(({sid}) => sid),
    sids.slice(2, 4),
  );
  // All other calls have left the list, too.
  for (const sid of sids.slice(2)) s.simulator.hangUp(sid);
  const third = await page(s, second.next_page_uri ?? '');
  assert.deepEqual([third.calls, third.next_page_uri], [[], null]);
});

test('PageSize is 50 by default and 1000 at most', async (t) => {
  const s = await setup(t);
  const path = `/2010-04-01/Accounts/${s.simulator.accountSid}/Calls.json`;
  for (const [query, size] of [
    ['', 50],
    ['?PageSize=1000', 1000],
    ['?PageSize=5000', 1000],
  ] as const) {
    assert.equal((await page(s, path + query))['page_size'], size);
  }
  for (const wrong of ['0', '-1', 'x', '1.5']) {
    assert.equal((await page(s, `${path}?PageSize=${wrong}`))['code'], 20001, wrong);
  }
  assert.equal((await page(s, `${path}?PageToken=PACA0`))['code'], 20001);
});

test('a date: StartTime matches the whole day, StartTime< all days before, StartTime> the day and all after', async (t) => {
  const s = await setup(t);
  const {sid} = await s.client.calls.create({to: numbers.busy, from, twiml: idle});
  await s.simulator.settled();
  const started = (await s.client.calls(sid).fetch()).startTime;
  const day = (offset: number) =>
    new Date(started.getTime() + offset * 86_400_000).toISOString().slice(0, 10);
  const path = `/2010-04-01/Accounts/${s.simulator.accountSid}/Calls.json`;
  for (const name of ['StartTime', 'EndTime']) {
    for (const [operator, days] of [
      ['', [false, true, false]],
      ['<', [false, false, true]],
      ['>', [true, true, false]],
    ] as const) {
      for (const offset of [-1, 0, 1]) {
        const {calls} = await page(s, `${path}?${encodeURIComponent(name + operator)}=${day(offset)}`);
        assert.equal(calls.length === 1, days[offset + 1], `${name}${operator} ${offset}`);
      }
    }
  }
  const {code, message} = await page(s, `${path}?StartTime%3E=yesterday`);
  assert.equal(code, 20001);
  assert.match(String(message), /StartTime> is not a date/);
});

test('paths with two slashes or without any, and absolute URLs, get a JSON response', async (t) => {
  const s = await setup(t);
  const authorization = `Basic ${Buffer.from(`${s.simulator.accountSid}:${s.simulator.authToken}`).toString('base64')}`;
  const calls = `/2010-04-01/Accounts/${s.simulator.accountSid}/Calls.json`;
  for (const path of [
    '//',
    '///',
    '//calls',
    `/${calls}`,
    '/',
    '/%',
    '/%ff',
    '//user@host:x/',
    '/?',
    '/2010-04-01',
  ]) {
    const [status, body] = await raw(s, path, {authorization});
    assert.equal(status, 404, path);
    assert.equal((JSON.parse(body) as {code: number}).code, 20404, path);
    assert.equal((await raw(s, path))[0], 401, path);
  }
  assert.equal((await raw(s, s.simulator.url + calls, {authorization}))[0], 200);
  assert.equal((await raw(s, '/_simulator//calls'))[0], 404);
  assert.equal((await raw(s, '/_simulator'))[0], 200);
});
