/** Feed, sessions and a real journal with a manual clock and model sockets, for one run of the search. */
import {MAX_UNSENT_BYTES, type ProviderStatus, type Scope, scopes} from '@hookswitch/protocol';
import type {JournalEntry} from '../../../src/journal/call-event.ts';
import {createLogger} from '../../../src/observability/logger.ts';
import {createMetrics} from '../../../src/observability/metrics.ts';
import {LiveFeed} from '../../../src/services/feed/live-feed.ts';
import {SessionService} from '../../../src/services/session-service.ts';
import type {FileEntry} from '../crash/crash-journal-file.ts';
import {status} from '../journal/journal-events.ts';
import {ManualClock} from '../manual-clock.ts';
import {positionOf} from './client.ts';
import type {SharedJournal} from './shared-journal.ts';
import {ModelSocket} from './socket.ts';
import {must} from './trace.ts';
import {checkWorld, type WorldClient} from './world-check.ts';

/** Used by half of the calls. Five of their entries exceed a socket's limit. */
const LONG_NAME = `client:${'x'.repeat(60_000)}`;
/** The last status contradicts the end: a call that has ended cannot become busy. */
const STATUSES: readonly ProviderStatus[] = ['initiated', 'ringing', 'in-progress', 'completed', 'busy'];

/** Time limit for settling, which normally takes less than a second. */
const SETTLED_AFTER_MS = 10_000;

const logger = createLogger({level: 'silent'});

interface ModelCall {
  readonly callSid: string;
  readonly reference: string | undefined;
  readonly long: boolean;
}

const users: readonly (readonly [user: string, scopes: readonly Scope[]])[] = [
  ['operator', scopes],
  ['ann', ['calls:read']],
  ['ben', ['calls:read']],
  ['watcher', ['calls:read:all']],
];

export class World {
  readonly #shared: SharedJournal;
  readonly #clock = new ManualClock();
  readonly #feed: LiveFeed;
  readonly #service: SessionService;
  readonly #calls: ModelCall[] = [];
  readonly #clients: WorldClient[] = users.map(([user, granted]) => ({
    name: user,
    principal: {user, scopes: new Set(granted)},
    connections: [],
  }));
  readonly #entries: FileEntry[] = [];
  readonly #appends: Promise<void>[] = [];
  /** Highest offset whose append has resolved. */
  #acknowledged: number;
  readonly #base: number;
  #trimmed = false;

  constructor(shared: SharedJournal) {
    this.#shared = shared;
    const {journal} = shared;
    this.#base = journal.head();
    this.#acknowledged = this.#base;
    const metrics = createMetrics();
    const common = {journal, clock: this.#clock, logger, metrics};
    // A small buffer, so that missed entries must soon be read from the journal.
    this.#feed = new LiveFeed({...common, maxBytes: 150_000});
    this.#service = new SessionService({
      ...common,
      feed: this.#feed,
      epoch: () => shared.epoch,
      sessionTimeoutMs: 35_000,
      maxSessions: 100,
    });
  }

  async start(): Promise<void> {
    for (const owner of [undefined, 'ann', 'ben', 'ann', undefined, 'ben']) {
      const reference = owner === undefined ? undefined : `reference-${this.#shared.calls}`;
      const callSid = `CA${(this.#shared.calls++).toString(16).padStart(32, '0')}`;
      this.#calls.push({callSid, reference, long: this.#calls.length % 2 === 0});
      if (reference === undefined || owner === undefined) continue;
      const intent = {
        reference,
        user: owner,
        requestHash: '',
        from: '',
        to: '',
        createdAt: this.#clock.now(),
      };
      await this.#shared.journal.openIntent(intent, 0);
    }
    await this.#feed.start();
    this.#service.start();
  }

  /** Appends without waiting. A step may be late or repeated. */
  append(call: number, step: number, writer = 0): void {
    const {callSid, reference, long} = at(this.#calls, call);
    const event = status(callSid, at(STATUSES, step), {
      reference,
      sequence: step,
      from: long ? LONG_NAME : '+15550100001',
      happenedAt: this.#clock.now(),
      receivedAt: this.#clock.now(),
    });
    const appending = at(this.#shared.writers, writer).append(event);
    const appended = appending.then(({entry, repeated}) => {
      if (!repeated) this.#entries[entry.offset - this.#base - 1] = toFileEntry(entry);
      this.#acknowledged = Math.max(this.#acknowledged, entry.offset);
    });
    this.#appends.push(appended);
  }

  connect(index: number, how: 'resume' | 'afresh' | 'from nowhere' | 'from elsewhere'): void {
    const client = at(this.#clients, index);
    if (client.connections.at(-1)?.socket.isOpen === true) return;
    const {epoch} = this.#shared;
    const resume =
      how === 'afresh'
        ? undefined
        : how === 'resume'
          ? lastPosition(client)
          : how === 'from nowhere'
            ? {epoch: 'another', offset: 1}
            : // The position of another node.
              {epoch, offset: this.#acknowledged};
    const isOfEpoch = resume?.epoch === epoch;
    const ahead = isOfEpoch && resume.offset > this.#feed.head;
    // Only another node can be ahead of this one.
    const recovered = isOfEpoch && !(ahead && this.#shared.journal.catchUp === undefined);
    const socket = new ModelSocket();
    const peer = {address: '', protocol: ''};
    const session = this.#service.open({socket, principal: client.principal, peer, resume});
    socket.listen({
      drained: () => this.#service.handleDrain(session),
      ponged: () => this.#service.handleActivity(session, 'pong'),
      closed: (code) => this.#service.handleClose(session, code),
    });
    const {messages} = socket;
    client.connections.push({resume, messages, subscriptions: [], socket, session, recovered, ahead});
  }

  hangUp(index: number): void {
    this.#socket(index)?.hangUp();
  }

  stopReading(index: number): void {
    this.#socket(index)?.stopReading();
  }

  readSome(index: number, bytes: number): void {
    this.#socket(index)?.readSome(bytes);
  }

  readOn(index: number): void {
    this.#socket(index)?.readOn();
  }

  /** @param which bits of the calls; all bits set means `all` */
  subscribe(index: number, which: number): void {
    const connection = at(this.#clients, index).connections.at(-1);
    if (connection === undefined || !connection.socket.isOpen) return;
    const all = 2 ** this.#calls.length - 1;
    const some = this.#calls.filter((_, call) => (which & (1 << call)) !== 0).map(({callSid}) => callSid);
    const calls = (which & all) === all ? 'all' : some;
    const requestId = String(connection.subscriptions.push(calls) - 1);
    this.#service.subscribe(connection.session, calls, requestId);
  }

  /** Advances in steps of a second, so that readers can answer pings in between. */
  async advance(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 1000) {
      for (const {connections} of this.#clients) {
        const last = connections.at(-1);
        if (last?.ahead === true && last.session.state.phase === 'opening') last.recovered = undefined;
      }
      this.#clock.advance(Math.min(left, 1000));
      await Promise.resolve();
    }
  }

  /** Trims every call that has ended, so that a session behind cannot resume. */
  async trim(): Promise<void> {
    await this.settle();
    this.#clock.advance(1);
    const trimmed = await this.#shared.journal.trim({endedBefore: Number.MAX_SAFE_INTEGER, limit: 100});
    if (trimmed > 0) this.#trimmed = true;
  }

  /** Waits until all appends have resolved. Other nodes may lag behind. */
  async acknowledged(): Promise<void> {
    await Promise.all(this.#appends);
  }

  /** Waits until everything appended was read and no page is being read. */
  async settle(): Promise<void> {
    await Promise.all(this.#appends.splice(0));
    // Another node may have written the last entries.
    await this.#shared.journal.catchUp?.();
    const idle = () =>
      this.#feed.head === this.#shared.journal.head() &&
      this.#clients.every(({connections}) => {
        const session = connections.at(-1)?.session;
        return session === undefined || !['opening', 'reading'].includes(session.state.phase);
      });
    for (const deadline = performance.now() + SETTLED_AFTER_MS; ; ) {
      await turn();
      if (idle()) break;
      must(performance.now() < deadline, 'feed', () => `does not settle: ${this.#describe()}`);
    }
    // One more turn, for a fan-out scheduled in the last one.
    await turn();
  }

  /** Ends every call, lets all clients read and reconnect, and checks their messages. */
  async finish(): Promise<void> {
    for (const call of this.#calls.keys()) this.append(call, 3);
    await this.settle();
    for (const index of this.#clients.keys()) {
      this.readOn(index);
      await this.settle();
      this.connect(index, 'resume');
    }
    await this.settle();
    this.#service.stop();
    this.#feed.stop();
    checkWorld({
      clients: this.#clients,
      callSids: this.#calls.map(({callSid}) => callSid),
      epoch: this.#shared.epoch,
      base: this.#base,
      entries: this.#entries,
      trimmed: this.#trimmed,
    });
  }

  /** Counts of steps and of rare situations. */
  get counts() {
    const all = this.#clients.flatMap(({connections}) => connections);
    return {
      entries: this.#entries.length,
      connections: all.length,
      recovered: all.filter(({recovered}) => recovered === true).length,
      fromElsewhere: all.filter(({ahead}) => ahead).length,
      blocked: all.filter(({socket}) => socket.peakUnsentBytes > MAX_UNSENT_BYTES).length,
      closedSessions: all.filter(({socket}) => socket.closeCode !== undefined).length,
      trimmed: Number(this.#trimmed),
    };
  }

  #describe(): string {
    const phases = this.#clients.map(({name, connections}) => {
      const session = connections.at(-1)?.session;
      return `${name} ${session?.state.phase} at ${session?.cursor}`;
    });
    return `feed ${this.#feed.floor}–${this.#feed.head}, journal ${this.#shared.journal.head()}, ${phases.join(', ')}`;
  }

  #socket(index: number): ModelSocket | undefined {
    return at(this.#clients, index).connections.at(-1)?.socket;
  }
}

function lastPosition({connections}: WorldClient) {
  return connections.findLast((connection) => positionOf(connection) !== undefined) === undefined
    ? undefined
    : connections.map(positionOf).findLast((position) => position !== undefined);
}

function toFileEntry({offset, event, verdict, owner, call}: JournalEntry): FileEntry {
  if (event.kind !== 'status' || event.providerStatus === undefined)
    throw new TypeError('only statuses are appended here');
  const {callSid, providerStatus} = event;
  const stated = {...event, providerStatus};
  return {offset, callSid, verdict, repeats: 0, owner, event: stated, call, parameters: undefined};
}

function at<T>(items: readonly T[], index: number): T {
  const item = items[index % items.length];
  if (item === undefined) throw new RangeError('nothing there');
  return item;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
