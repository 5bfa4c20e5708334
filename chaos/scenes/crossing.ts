/** Callbacks of the same calls at all nodes at once, duplicate and in any order. A reader follows each node. */
import {setTimeout as wait} from 'node:timers/promises';
import {JournalUnavailableError} from '../../src/errors/app-error.ts';
import type {CallRecord, JournalEntry, StatusEvent} from '../../src/journal/call-event.ts';
import type {Journal} from '../../src/journal/journal.ts';
import {transition} from '../../src/journal/transition.ts';
import {status, wholeCall} from '../../test/support/journal/journal-events.ts';
import {until} from '../../test/support/until.ts';
import {openNodes} from './open-nodes.ts';
import {type Scene, SOON_MS, type Stage} from './scene.ts';

const CALLS = 40;
const AT_ONCE = 30;
const PAGE = 7;
/** Attempts per callback, because Twilio also gives up. */
const ATTEMPTS = 5;

export const crossing: Scene = async (stage) => {
  const nodes = await openNodes(
    stage,
    Array.from({length: stage.nodes}, () => stage.url),
  );
  const readers = nodes.map((node) => new Reader(node));
  const events = drawEvents(stage);
  const isSound = () => readers.every(({fault}) => fault === undefined);
  for (let from = 0; from < events.length && isSound(); from += AT_ONCE)
    await Promise.all(events.slice(from, from + AT_ONCE).map((event) => append(event, nodes, stage)));
  stage.note(`${events.length} appends`);
  const keys = new Set(events.map(({dedupeKey}) => dedupeKey));
  const isThrough = ({seen, fault}: Reader) => seen.length >= keys.size || fault !== undefined;
  await until(() => readers.every(isThrough), {
    what: `every reader to receive ${keys.size} entries`,
    timeoutMs: SOON_MS,
  }).catch((error: unknown) => stage.violate('stuck', String(error)));
  for (const [index, reader] of readers.entries()) await check(`node ${index + 1}`, reader, keys, stage);
};

/** Follows one node as a session does. */
class Reader {
  readonly node: Journal;
  readonly seen: JournalEntry[] = [];
  fault: Error | undefined;
  #reading = Promise.resolve();

  constructor(node: Journal) {
    this.node = node;
    node.onAppend(() => {
      this.#reading = this.#reading
        .then(() => this.#follow())
        .catch((error: unknown) => {
          this.fault = error instanceof Error ? error : new Error(String(error));
        });
    });
  }

  async #follow(): Promise<void> {
    while (this.fault === undefined) {
      const page = await this.node.read(this.seen.at(-1)?.offset ?? 0, PAGE);
      if (page.kind !== 'entries') throw new Error(`too old: ${page.oldest}`);
      if (page.entries.length === 0) return;
      for (const entry of page.entries) this.#take(entry);
    }
  }

  /** Stops at a gap, because a faulty node might deliver entries without end. */
  #take(entry: JournalEntry): void {
    const before = this.seen.at(-1)?.offset ?? 0;
    if (entry.offset !== before + 1) throw new Error(`received ${entry.offset} after ${before}`);
    this.seen.push(entry);
  }
}

/** Four callbacks per call and one that contradicts its end, most of them repeated. */
function drawEvents({random}: Stage): readonly StatusEvent[] {
  const once = Array.from({length: CALLS}, (_, index) => [
    ...wholeCall(`CA${index}`),
    status(`CA${index}`, 'busy', {dedupeKey: `CA${index}:again`, sequence: 4}),
  ]).flat();
  return once
    .flatMap((event) => Array.from({length: random.int(1, 3)}, () => ({event, place: random.next()})))
    .sort((a, b) => a.place - b.place)
    .map(({event}) => event);
}

async function append(event: StatusEvent, nodes: readonly Journal[], stage: Stage): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    try {
      await nodes[stage.random.below(nodes.length)]?.append(event);
      return;
    } catch (error) {
      if (!(error instanceof JournalUnavailableError)) stage.violate('disturbed', String(error));
      await wait(20);
    }
  }
  stage.violate('stuck', `${event.dedupeKey} was refused ${ATTEMPTS} times`);
}

/** [J2] [J3] [J4] Checks that a node delivered the whole journal, and that `transition()` gives the same verdicts. */
async function check(name: string, {node, seen, fault}: Reader, keys: ReadonlySet<string>, stage: Stage) {
  if (fault !== undefined) stage.violate('session', `${name}: ${fault.message}`);
  const delivered = seen.map(({event}) => event.dedupeKey);
  if (new Set(delivered).size !== delivered.length)
    stage.violate('doubled', `${name} delivered an event twice`);
  const missing = [...keys.difference(new Set(delivered))];
  if (missing.length > 0)
    stage.violate('session', `${name} did not deliver ${missing.length} events: ${missing[0]}`);
  const calls = new Map<string, CallRecord>();
  for (const {event, offset, verdict} of seen) {
    if (event.kind !== 'status') continue;
    const decided = transition(calls.get(event.callSid), event, offset);
    if (decided.verdict !== verdict)
      stage.violate('corrupt', `${offset} is ${verdict}, not ${decided.verdict}`);
    calls.set(event.callSid, decided.call);
  }
  for (const [callSid, {providerStatus, offset}] of calls) {
    const found = await node.findCall(callSid);
    if (found?.providerStatus !== providerStatus || found.offset !== offset)
      stage.violate(
        'corrupt',
        `${callSid} is ${found?.providerStatus} at ${found?.offset}, not ${providerStatus} at ${offset}`,
      );
  }
}
