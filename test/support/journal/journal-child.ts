/**
 * A process that appends to a journal at full speed until it is killed, and prints acknowledged entries on stdout.
 * Usage: node journal-child.ts <database> <number of the first call>
 */
import {writeSync} from 'node:fs';
import {SqliteJournal} from '../../../src/journal/sqlite/sqlite-journal.ts';
import {wholeCall} from './journal-events.ts';

/** Concurrent appends, enough for groups of every size. */
const CONCURRENCY = 40;

/**
 * Writes synchronously, so that every acknowledged entry is in the pipe before a kill. Retries while a slow reader
 * leaves the pipe full.
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
