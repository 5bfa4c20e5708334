/**
 * Delivers journal entries to sessions. Resume, catch-up of a slow reader and live delivery use one mechanism
 * (`deliver`): write the entries after the cursor, move the cursor, stop when the socket holds enough.
 */
import {type CloseReason, MAX_UNSENT_BYTES, type ServerMessage} from '@hookswitch/protocol';
import type {Logger} from 'pino';
import type {Clock} from '../../clock.ts';
import type {Offset} from '../../journal/call-event.ts';
import type {FollowableJournal} from '../../journal/followable-journal.ts';
import type {Metrics} from '../../observability/metrics.ts';
import {toCall, toIso} from '../feed/call-messages.ts';
import {type CatchUpPage, CatchUpPages} from '../feed/catch-up-pages.ts';
import type {LiveFeed} from '../feed/live-feed.ts';
import {encodeTextFrame} from '../feed/text-frame.ts';
import type {VisibilityFilter} from '../feed/visibility.ts';
import {READING, type Session, STREAMING} from './session.ts';

/** The position at which a client stopped. */
export interface ResumePoint {
  readonly epoch: string;
  readonly offset: Offset;
}

export interface SessionDeliveryOptions {
  readonly journal: FollowableJournal;
  readonly feed: LiveFeed;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** The current epoch of the journal. A cursor of another epoch has no meaning. */
  readonly epoch: () => string;
  readonly heartbeatMs: number;
  /** All open sessions, in any order. */
  readonly sessions: () => MapIterator<Session>;
  readonly close: (session: Session, reason: CloseReason) => void;
}

/**
 * A session that lags behind the feed's memory gets no further page while it has more unsent bytes than this.
 * The limit bounds the memory for a thousand slow readers at different positions in the journal.
 */
const MAX_UNSENT_BEHIND_BYTES = MAX_UNSENT_BYTES / 4;

/** Sessions written to in one turn of the event loop. Webhooks and heartbeats run between the turns. */
const FAN_OUT_SLICE = 256;

/**
 * A client that keeps sending requests without reading the answers is closed above this number of unsent
 * bytes.
 */
const MAX_UNSENT_FOR_ANSWERS_BYTES = 2 * MAX_UNSENT_BYTES;

/** Visibility filters whose snapshot is cached until the head moves. */
const MAX_CACHED_SNAPSHOTS = 64;

export class SessionDelivery {
  readonly #pages: CatchUpPages;
  readonly #feed: LiveFeed;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #metrics: Metrics;
  readonly #epoch: () => string;
  readonly #heartbeatMs: number;
  readonly #sessions: () => MapIterator<Session>;
  readonly #close: (session: Session, reason: CloseReason) => void;
  /**
   * Snapshot frames by visibility key until the head moves, so that clients that reconnect together share
   * one.
   */
  readonly #snapshots = new Map<string, Buffer>();
  #fanningOut = false;
  #fanOutAgain = false;
  #announced: Offset = 0;
  /** Messages written in this turn and not counted yet. */
  #uncounted = 0;

  constructor(options: SessionDeliveryOptions) {
    this.#pages = new CatchUpPages(options);
    this.#feed = options.feed;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#metrics = options.metrics;
    this.#epoch = options.epoch;
    this.#heartbeatMs = options.heartbeatMs;
    this.#sessions = options.sessions;
    this.#close = options.close;
  }

  /** The metrics of entries in the feed at start were recorded by an earlier process. */
  start(): void {
    this.#announced = this.#feed.head;
  }

  /** Sends `session.ready`, then the missed entries, or a snapshot if they are not available (W11). */
  begin(session: Session, resume: ResumePoint | undefined): void {
    if (resume === undefined || resume.epoch !== this.#epoch()) this.#beginWithSnapshot(session);
    else if (resume.offset > this.#feed.head) void this.#beginAhead(session, resume);
    else if (resume.offset >= this.#feed.floor) this.#beginAt(session, resume.offset);
    else void this.#beginInThePast(session, resume.offset);
  }

  /**
   * The client may have got entries from another node that this node is about to read. A snapshot would set
   * it back to an earlier state, so this waits.
   */
  async #beginAhead(session: Session, resume: ResumePoint): Promise<void> {
    try {
      const reached = await this.#feed.waitForOffset(resume.offset);
      if (session.state.phase !== 'opening') return;
      // Starts over, because a new epoch may have begun in the meantime.
      if (reached && resume.offset <= this.#feed.head) this.begin(session, resume);
      else this.#beginWithSnapshot(session);
    } catch (error) {
      this.#fail(session, error);
    }
  }

  /** @param next the first page after `offset`, if it has been read */
  #beginAt(session: Session, offset: Offset, next?: CatchUpPage): void {
    session.beginAt(offset);
    session.replaying = true;
    this.#open(session, this.#readyFrame(session, true));
    if (next !== undefined) this.#writePage(session, next);
    this.deliver(session);
  }

  #beginWithSnapshot(session: Session): void {
    session.beginAt(this.#feed.head);
    this.#open(session, this.#readyFrame(session, false), this.#snapshotFrame(session.visibility));
    this.deliver(session);
  }

  /** One write, so that a client that has its position also has the snapshot of that position. */
  #open(session: Session, first: Buffer, ...more: readonly Buffer[]): void {
    session.state = STREAMING;
    session.socket.write(first, ...more, ...session.takeEarlyFrames());
  }

  async #beginInThePast(session: Session, offset: Offset): Promise<void> {
    try {
      const reading = await this.#pages.read(offset);
      if (session.state.phase !== 'opening') return;
      if (reading.kind === 'page') this.#beginAt(session, offset, reading.page);
      else this.#beginWithSnapshot(session);
    } catch (error) {
      this.#fail(session, error);
    }
  }

  /** Brings every session to the head of the journal, a slice of them in each turn. */
  broadcast(): void {
    this.#snapshots.clear();
    this.#fanOutAgain = this.#fanningOut;
    if (this.#fanningOut) return;
    this.#fanningOut = true;
    this.#fanOut(this.#sessions());
  }

  #fanOut(rest: MapIterator<Session>): void {
    for (let written = 0; written < FAN_OUT_SLICE; written += 1) {
      const next = rest.next();
      if (next.done === true) {
        this.#count();
        this.#endOfRound();
        return;
      }
      if (next.value.cursor < this.#feed.head) this.#advanceSafely(next.value);
    }
    this.#count();
    setImmediate(() => this.#fanOut(rest));
  }

  #endOfRound(): void {
    const now = this.#clock.now();
    for (const happenedAt of this.#feed.happenedAfter(this.#announced)) {
      this.#metrics.eventAgeSeconds.observe(Math.max(0, now - happenedAt) / 1000);
    }
    this.#announced = this.#feed.head;
    this.#fanningOut = false;
    // Entries that arrived during the round reached only the remaining sessions, so another round starts.
    if (this.#fanOutAgain) this.broadcast();
  }

  /** An error of one session must not end the round, or the sessions after it would get no more messages. */
  #advanceSafely(session: Session): void {
    try {
      this.#advance(session);
    } catch (error) {
      this.#fail(session, error);
    }
  }

  /** Brings a session to the head, as far as its socket accepts data. */
  deliver(session: Session): void {
    this.#advance(session);
    this.#count();
  }

  /**
   * The only path by which entries and snapshots reach a session. It runs for each message of each session,
   * so after the kernel's send it is the largest cost of live delivery.
   */
  #advance(session: Session): void {
    const {socket} = session;
    while (session.state.phase === 'streaming') {
      const {cursor} = session;
      const isBehind = cursor < this.#feed.floor;
      if (socket.unsentBytes > (isBehind ? MAX_UNSENT_BEHIND_BYTES : MAX_UNSENT_BYTES)) {
        session.state = {phase: 'blocked', since: this.#clock.monotonic()};
      } else if (cursor >= this.#feed.head) {
        if (!session.replaying && session.snapshotsDue.length === 0) return;
        this.#writeAtHead(session);
      } else if (isBehind) {
        session.state = READING;
        void this.#catchUp(session);
      } else {
        const batch = this.#feed.batch(session.visibility, cursor);
        session.cursor = batch.to;
        this.#write(session, batch.frames, batch.messages);
      }
    }
  }

  /** Writes what is due at the head: first the heartbeat that ends a replay, then the snapshots. */
  #writeAtHead(session: Session): void {
    if (session.replaying) {
      session.replaying = false;
      session.socket.write(this.#heartbeatFrame(session));
      return;
    }
    const [requestId, ...others] = session.snapshotsDue;
    session.snapshotsDue = others;
    session.socket.write(this.#snapshotFrame(session.visibility, requestId));
  }

  /**
   * Sends a message outside the journal's order: an answer or a heartbeat. Never before `session.ready` (W2).
   */
  send(session: Session, message: ServerMessage): void {
    const {phase} = session.state;
    if (phase === 'closing') return;
    const frame = encode(message);
    if (phase === 'opening') {
      session.earlyFrames = [...session.earlyFrames, frame];
    } else if (session.socket.unsentBytes > MAX_UNSENT_FOR_ANSWERS_BYTES) {
      this.#close(session, 'too-slow');
    } else {
      session.socket.write(frame);
      this.deliver(session);
    }
  }

  async #catchUp(session: Session): Promise<void> {
    try {
      const reading = await this.#pages.read(session.cursor);
      if (session.state.phase !== 'reading') return;
      // The journal was trimmed during the read, so entries would be missing. The client reconnects for a
      // snapshot (W11).
      if (reading.kind === 'too-old') {
        this.#close(session, 'going-away');
        return;
      }
      session.state = STREAMING;
      this.#writePage(session, reading.page);
      this.deliver(session);
    } catch (error) {
      this.#fail(session, error);
    }
  }

  /** Writes as much of a page as the socket may hold. A page of long entries can be more than that. */
  #writePage(session: Session, page: CatchUpPage): void {
    while (
      session.state.phase === 'streaming' &&
      session.cursor < page.last &&
      session.socket.unsentBytes <= MAX_UNSENT_BEHIND_BYTES
    ) {
      const batch = page.batch(session.visibility, session.cursor);
      session.cursor = batch.to;
      this.#write(session, batch.frames, batch.messages);
    }
  }

  #write(session: Session, frames: Buffer | undefined, messages: number): void {
    if (frames === undefined) return;
    session.socket.write(frames);
    this.#uncounted += messages;
  }

  /** Counts once in each turn, because the counter costs a tenth of a send. */
  #count(): void {
    if (this.#uncounted === 0) return;
    this.#metrics.messagesSent.inc(this.#uncounted);
    this.#uncounted = 0;
  }

  #fail(session: Session, error: unknown): void {
    if (session.state.phase === 'closing') return;
    this.#logger.error({err: error, sessionId: session.id}, 'could not deliver to the session');
    this.#close(session, 'internal');
  }

  #readyFrame(session: Session, recovered: boolean): Buffer {
    return encode({
      type: 'session.ready',
      sessionId: session.id,
      epoch: this.#epoch(),
      offset: session.cursor,
      recovered,
      heartbeatMs: this.#heartbeatMs,
      user: session.principal.user,
      scopes: [...session.principal.scopes],
      timestamp: toIso(this.#clock.now()),
    });
  }

  #heartbeatFrame({cursor}: Session): Buffer {
    return encode({type: 'session.heartbeat', offset: cursor, timestamp: toIso(this.#clock.now())});
  }

  #snapshotFrame(visibility: VisibilityFilter, requestId?: string): Buffer {
    const known = this.#snapshots.get(visibility.key);
    if (known !== undefined && requestId === undefined) return known;
    const calls = [];
    for (const call of this.#feed.activeCalls()) if (visibility.sees(call)) calls.push(toCall(call));
    const frame = encode({type: 'call.snapshot', offset: this.#feed.head, calls, requestId});
    if (requestId === undefined && this.#snapshots.size < MAX_CACHED_SNAPSHOTS)
      this.#snapshots.set(visibility.key, frame);
    return frame;
  }
}

function encode(message: ServerMessage): Buffer {
  return encodeTextFrame(JSON.stringify(message));
}
