/**
 * A process that appends to a journal as fast as it can until it is killed, and says on stdout what was acknowledged.
 * Usage: node journal-child.ts <database> <first call's number>
 */
import {writeSync} from 'node:fs';
import {SqliteJournal} from '../../../src/journal/sqlite/sqlite-journal.ts';
import {wholeCall} from './journal-events.ts';

/** Appends under way at once: enough for groups of every size. */
const CONCURRENCY = 40;

/**
 * Synchronous: a line that is out was acknowledged, and whatever was printed before the kill can be read. A reader that
 * is behind leaves the pipe full; it is waited for.
 */
function say(line: string): void {
  for (;;) {
    try {
      writeSync(1, line);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

const [, , file = '', first = '0'] = process.argv;
const journal = new SqliteJournal({file});
const {epoch} = await journal.open();
say(`epoch ${epoch}\n`);

let next = Number(first);

async function appendForever(): Promise<void> {
  for (;;) {
    const callSid = `CA${next}`;
    next += 1;
    for (const event of wholeCall(callSid, {parameters: {CallSid: callSid}})) {
      const {entry} = await journal.append(event);
      say(`${entry.offset} ${entry.event.dedupeKey}\n`);
    }
  }
}

await Promise.all(Array.from({length: CONCURRENCY}, appendForever));
