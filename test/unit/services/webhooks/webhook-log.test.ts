/** The webhook log: bounded in number and bytes, genuine webhooks apart from floods, and searchable (H7). */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {type AnsweredWebhook, WebhookLog} from '../../../../src/services/webhooks/webhook-log.ts';

const SID = `CA${'a'.repeat(32)}`;

function webhook(more: Partial<AnsweredWebhook> = {}): AnsweredWebhook {
  return {
    receivedAt: 0,
    tookMs: 1,
    route: 'status',
    method: 'POST',
    path: '/twilio/status',
    remoteAddress: '192.0.2.1',
    headers: ['host', 'gateway.example.com'],
    body: `CallSid=${SID}&From=%2B14155550100&To=client%3Aalice&Called=%2B14155550199`,
    outcome: 'accepted',
    httpStatus: 204,
    authentic: true,
    verdict: 'applied',
    offset: 1,
    callSid: SID,
    providerStatus: 'ringing',
    reason: undefined,
    ...more,
  };
}

const refused = (more: Partial<AnsweredWebhook> = {}) =>
  webhook({outcome: 'refused', httpStatus: 403, authentic: false, reason: 'wrong signature', ...more});

const idsOf = (found: ReturnType<WebhookLog['find']>) => found.entries.map(({id}) => id);

test('[H7] a flood of refused requests does not displace accepted ones, and all of them are counted', () => {
  const log = new WebhookLog();
  log.add(webhook());
  for (let number = 0; number < 20_000; number += 1) log.add(refused());
  log.add(webhook({outcome: 'failed', httpStatus: 503}));
  assert.deepEqual(log.counts, {accepted: 1, refused: 20_000, failed: 1});
  assert.equal(log.latest, 20_002);
  assert.equal(log.size.entries, 1002);
  assert.deepEqual(idsOf(log.find({outcome: 'accepted', limit: 10})), [1]);
  assert.deepEqual(idsOf(log.find({limit: 3})), [20_002, 20_001, 20_000]);
  assert.equal(log.get(1)?.webhook.callSid, SID);
  assert.equal(log.get(2), undefined);
  assert.equal(log.get(19_002)?.id, 19_002);
  assert.equal(log.get(20_003), undefined);
});

test('[H7] bytes are bounded too, so large requests leave room for fewer', () => {
  const log = new WebhookLog();
  const large = refused({body: 'x'.repeat(16_384), path: `/twilio/status?${'y'.repeat(8000)}`});
  for (let number = 0; number < 2000; number += 1) log.add(large);
  assert.ok(log.size.bytes <= 4 * 1024 * 1024, String(log.size.bytes));
  assert.ok(log.size.entries > 100 && log.size.entries < 200, String(log.size.entries));
  for (let number = 0; number < 2000; number += 1) log.add(refused());
  assert.equal(log.size.entries, 1000);
});

test('[H7] a request larger than the whole budget is counted but not kept', () => {
  const log = new WebhookLog({maxBytes: 5000});
  log.add(refused());
  log.add(refused({headers: ['host', 'h'.repeat(6000)]}));
  assert.equal(log.size.entries, 0);
  assert.equal(log.counts.refused, 2);
});

test('[H7] pages are newest first, without gaps or repetitions, followed by newer requests', () => {
  const log = new WebhookLog();
  for (let number = 1; number <= 25; number += 1) log.add(number % 3 === 0 ? webhook() : refused());
  const first = log.find({limit: 10});
  assert.deepEqual(idsOf(first), [25, 24, 23, 22, 21, 20, 19, 18, 17, 16]);
  assert.equal(first.more, true);
  const last = log.find({limit: 10, before: 6});
  assert.deepEqual(idsOf(last), [5, 4, 3, 2, 1]);
  assert.equal(last.more, false);
  assert.deepEqual(idsOf(log.find({limit: 10, after: 23})), [25, 24]);
  assert.deepEqual(idsOf(log.find({limit: 10, after: 20, before: 23})), [22, 21]);
  assert.deepEqual(idsOf(log.find({limit: 2, outcome: 'accepted'})), [24, 21]);
  assert.deepEqual(idsOf(log.find({limit: 10, after: 25})), []);
});

test('[H7] a search finds sids, paths, addresses, reasons and numbers, and ignores unrelated digits', () => {
  const log = new WebhookLog();
  log.add(webhook());
  log.add(refused({body: `CallSid=CA${'b'.repeat(32)}&From=%2B442071838750&Timestamp=1999999`}));
  log.add(refused({body: undefined, path: '/Twilio/Status?via=Proxy', remoteAddress: '2001:db8::7'}));
  const found = (q: string) => idsOf(log.find({q, limit: 10}));
  assert.deepEqual(found(SID), [1]);
  assert.deepEqual(found('CAaaaa'), [1]);
  assert.deepEqual(found('cabbb'), [2]);
  assert.deepEqual(found('aaaa'), [], 'only from its beginning');
  assert.deepEqual(found('+1 (415) 555-0199'), [1]);
  assert.deepEqual(found('442071'), [2]);
  assert.deepEqual(found('1999'), [], 'not a phone number');
  assert.deepEqual(found('via=proxy'), [3]);
  assert.deepEqual(found('db8::7'), [3]);
  assert.deepEqual(found('wrong SIG'), [3, 2]);
  assert.deepEqual(found('  '), [3, 2, 1]);
  assert.deepEqual(found('.*'), []);
});

test('[H7] after any additions, the log holds the newest requests of each kind within its limits', () => {
  const kind = fc.record({authentic: fc.boolean(), size: fc.nat(3000)});
  fc.assert(
    fc.property(fc.array(kind, {maxLength: 120}), (kinds) => {
      const log = new WebhookLog({maxEntries: 7, maxBytes: 9000});
      for (const {authentic, size} of kinds) {
        const body = 'x'.repeat(size);
        log.add(authentic ? webhook({body}) : refused({body}));
        assert.ok(log.size.entries <= 14 && log.size.bytes <= 18_000);
      }
      const kept = idsOf(log.find({limit: 1000}));
      for (const authentic of [true, false]) {
        const all = kinds.flatMap((each, at) => (each.authentic === authentic ? [at + 1] : []));
        const ids = kept.filter((id) => kinds[id - 1]?.authentic === authentic);
        assert.deepEqual(ids, all.slice(all.length - ids.length).toReversed());
        assert.ok(ids.length > 0 || all.length === 0);
      }
      assert.deepEqual(
        kept,
        kept.toSorted((a, b) => b - a),
      );
      for (const id of kept) assert.equal(log.get(id)?.id, id);
    }),
  );
});
