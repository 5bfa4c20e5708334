/** Pages for sessions that are behind: one read serves all of them, with the same bytes. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Offset} from '../../../../src/journal/call-event.ts';
import type {ReadResult} from '../../../../src/journal/followable-journal.ts';
import type {Journal} from '../../../../src/journal/journal.ts';
import {CatchUpPages, type PageReading} from '../../../../src/services/feed/catch-up-pages.ts';
import {visibilityOf} from '../../../../src/services/feed/visibility.ts';
import {status} from '../../../support/journal/journal-events.ts';
import {openSqliteFixture} from '../../../support/journal/journal-sqlite-fixture.ts';
import {ManualClock} from '../../../support/manual-clock.ts';

const everything = () => visibilityOf({user: 'ann', scopes: new Set(['calls:read:all'])}, 'all');

/** A journal with this number of entries, and a record of the reads. */
async function open(entries: number) {
  const fixture = await openSqliteFixture();
  const {journal} = fixture;
  await Promise.all(
    Array.from({length: entries}, (_, index) => journal.append(status(`CA${index}`, 'completed'))),
  );
  const reads: Offset[] = [];
  const counted: Journal = Object.assign(Object.create(journal), {
    read: (after: Offset, limit: number): Promise<ReadResult> => {
      reads.push(after);
      return journal.read(after, limit);
    },
  });
  const clock = new ManualClock();
  const history = {epoch: 'first'};
  const pages = new CatchUpPages({journal: counted, clock, epoch: () => history.epoch});
  return {pages, history, reads, clock, journal, [Symbol.asyncDispose]: () => fixture.dispose()};
}

function pageOf(reading: PageReading) {
  if (reading.kind !== 'page') throw new Error('trimmed');
  return reading.page;
}

test('[W13] a thousand sessions at the same position share one read and the same bytes', async () => {
  await using stage = await open(600);
  const readings = await Promise.all(Array.from({length: 1000}, (_, index) => stage.pages.read(index % 256)));
  assert.deepEqual(stage.reads, [0]);
  const batches = readings.map((reading) => pageOf(reading).batch(everything(), 128));
  assert.equal(new Set(batches.map(({frames}) => frames)).size, 1);
  assert.equal(pageOf(await stage.pages.read(255)).last, 256);
  assert.equal(pageOf(await stage.pages.read(256)).last, 512);
});

test('[W11] an incomplete page is read again', async () => {
  await using stage = await open(300);
  assert.equal(pageOf(await stage.pages.read(256)).last, 300);
  await stage.journal.append(status('CA-new', 'ringing'));
  assert.equal(pageOf(await stage.pages.read(256)).last, 301);
  assert.equal(pageOf(await stage.pages.read(300)).last, 301);
  assert.equal(pageOf(await stage.pages.read(301)).last, 0);
});

test('[J8] a trimmed page is reported as trimmed within seconds, and a page without its beginning is served', async () => {
  await using stage = await open(300);
  assert.equal(pageOf(await stage.pages.read(0)).last, 256);
  await stage.journal.trim({endedBefore: Date.now(), limit: 100});
  stage.clock.advance(5000);
  assert.equal((await stage.pages.read(0)).kind, 'too-old');
  assert.equal(pageOf(await stage.pages.read(100)).last, 256);
});

test('[W11] a page of a previous epoch is never served', async () => {
  await using stage = await open(300);
  await stage.pages.read(0);
  await stage.pages.read(0);
  stage.history.epoch = 'second';
  await stage.pages.read(0);
  assert.deepEqual(stage.reads, [0, 0]);
});
