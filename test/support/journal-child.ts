/**
 * A process that appends to a journal as fast as it can until it is killed, and says on stdout what was acknowledged.
 * Usage: node journal-child.ts <database> <first call's number>
 */
import {writeSync} from 'node:fs';
import {SqliteJournal} from '../../src/journal/sqlite/sqlite-journal.ts';
import {wholeCall} from './journal-events.ts';

/** Appends under way at once: enough for groups of every size. */
const CONCURRENCY = 40;

const [, , file = '', first = '0'] = process.argv;
const journal = new SqliteJournal({file});
const {epoch} = await journal.open();
writeSync(1, `epoch ${epoch}\n`);

let next = Number(first);

async function appendForever(): Promise<void> {
  for (;;) {
    const callSid = `CA${next}`;
    next += 1;
    for (const event of wholeCall(callSid, {parameters: {CallSid: callSid}})) {
      const {entry} = await journal.append(event);
      // Synchronous: a line that is out was acknowledged, and whatever was printed before the kill can be read.
      writeSync(1, `${entry.offset} ${entry.event.dedupeKey}\n`);
    }
  }
}

await Promise.all(Array.from({length: CONCURRENCY}, appendForever));
