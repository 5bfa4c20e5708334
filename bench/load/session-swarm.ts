/**
 * Many WebSocket sessions on bare TCP sockets that share one receive buffer. They answer pings and count messages. A
 * full client per session would use more CPU than the measured server.
 */
import {connect, type Socket} from 'node:net';
import {SUBPROTOCOL} from '@hookswitch/protocol';
import {ACCESS_KEY} from '../servers/servers.ts';
import {type Dialect, maskedText} from './dialect.ts';
import {FrameReader} from './frame-reader.ts';

export interface SwarmOptions {
  readonly port: number;
  /** The dialect of all sessions, or of each session by its index. */
  readonly dialect: Dialect | ((index: number) => Dialect);
  /** Sessions opened at a time, fewer than a listen queue holds. @default 100 */
  readonly openingAtOnce?: number;
}

const OPENING_AT_ONCE = 100;
const OPEN_DEADLINE_MS = 10_000;
const EVENT_DEADLINE_MS = 30_000;

/** A final pong frame without payload, masked because clients must mask. */
const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);
const TEXT_PONG = maskedText('3');
const END_OF_HEAD = '\r\n\r\n';

/** Shared by all sockets, because each read is processed before the next one. */
const receiveBuffer = Buffer.alloc(64 * 1024);

export class SessionSwarm {
  readonly #options: SwarmOptions;
  readonly #sessions: SwarmSession[] = [];
  #expectation: Expectation | undefined;
  #following: Following | undefined;
  #lost = 0;
  /** `call.status` messages that every session should have received by now. */
  #target = 0;

  constructor(options: SwarmOptions) {
    this.#options = options;
  }

  /** Counts a session that the server closed. */
  handleClose(): void {
    this.#lost += 1;
  }

  get size(): number {
    return this.#sessions.length;
  }

  /** Opens sessions until there are `count`. Resolves when each has received its greetings. */
  async grow(count: number): Promise<void> {
    while (this.size < count) {
      const wave = Math.min(this.#options.openingAtOnce ?? OPENING_AT_ONCE, count - this.size);
      const opening = Array.from(
        {length: wave},
        (_, index) => new SwarmSession(this.#options.port, this.#dialectOf(this.size + index), this),
      );
      this.#sessions.push(...opening);
      await Promise.all(opening.map((session) => session.opened));
    }
  }

  /**
   * Waits until every session has received `messages` more events. Resolves with the times of completion
   * (`performance.now()`) of the sessions, in ascending order.
   */
  expect(messages: number): Promise<Float64Array> {
    const {promise, resolve, reject} = Promise.withResolvers<Float64Array>();
    this.#target += messages;
    const arrivals = new Float64Array(this.size);
    const deadline = setTimeout(() => {
      const missing = arrivals.length - (this.#expectation?.count ?? 0);
      reject(
        new Error(
          `${missing} of ${arrivals.length} sessions did not receive an event; the server closed ${this.#lost}`,
        ),
      );
    }, EVENT_DEADLINE_MS);
    const done = () => {
      clearTimeout(deadline);
      resolve(arrivals);
    };
    this.#expectation = {arrivals, count: 0, done};
    return promise;
  }

  /**
   * Waits until every session has received `events` more events. Resolves with the times (`performance.now()`) at which
   * the last session received the first, the second, … of these.
   */
  follow(
    events: number,
    {deadlineMs = EVENT_DEADLINE_MS, sessions = this.size}: FollowOptions = {},
  ): Promise<Float64Array> {
    const {promise, resolve, reject} = Promise.withResolvers<Float64Array>();
    const from = this.#target;
    this.#target += events;
    const completed = new Float64Array(events);
    const deadline = setTimeout(() => {
      const seen = completed.indexOf(0);
      reject(new Error(`after ${deadlineMs} ms only ${seen} of ${events} events had reached every session`));
    }, deadlineMs);
    const done = () => {
      clearTimeout(deadline);
      this.#following = undefined;
      resolve(completed);
    };
    this.#following = {from, sessions, completed, counts: new Uint32Array(events), done};
    return promise;
  }

  /** Called when a session has received events. */
  handleEvents(statusesBefore: number, statuses: number): void {
    this.#followTo(statusesBefore, statuses);
    const expectation = this.#expectation;
    if (expectation === undefined || statusesBefore >= this.#target || statuses < this.#target) return;
    expectation.arrivals[expectation.count] = performance.now();
    expectation.count += 1;
    if (expectation.count === expectation.arrivals.length) expectation.done();
  }

  #dialectOf(index: number): Dialect {
    const {dialect} = this.#options;
    return typeof dialect === 'function' ? dialect(index) : dialect;
  }

  #followTo(statusesBefore: number, statuses: number): void {
    const following = this.#following;
    if (following === undefined) return;
    const {from, counts, completed} = following;
    const end = Math.min(statuses - from, counts.length);
    for (let index = Math.max(0, statusesBefore - from); index < end; index += 1) {
      const count = (counts[index] ?? 0) + 1;
      counts[index] = count;
      if (count < following.sessions) continue;
      completed[index] = performance.now();
      if (index === counts.length - 1) following.done();
    }
  }

  close(): void {
    for (const session of this.#sessions) session.close();
    this.#sessions.length = 0;
  }
}

export interface FollowOptions {
  /** Milliseconds. @default 30000 */
  readonly deadlineMs?: number;
  /** Number of sessions, if more will be opened. @default the current number */
  readonly sessions?: number;
}

interface Expectation {
  readonly arrivals: Float64Array;
  count: number;
  readonly done: () => void;
}

interface Following {
  /** Events that every session had received before. */
  readonly from: number;
  readonly sessions: number;
  /** Sessions that have received each event. */
  readonly counts: Uint32Array;
  readonly completed: Float64Array;
  readonly done: () => void;
}

class SwarmSession {
  readonly opened: Promise<void>;
  readonly #socket: Socket;
  readonly #swarm: SessionSwarm;
  readonly #dialect: Dialect;
  readonly #reader: FrameReader;
  #head: string | undefined = '';
  #pongs = 0;
  #settle: {readonly resolve: () => void; readonly reject: (error: Error) => void} | undefined;

  constructor(port: number, dialect: Dialect, swarm: SessionSwarm) {
    const {promise, resolve, reject} = Promise.withResolvers<void>();
    const deadline = setTimeout(() => reject(new Error('a session did not open')), OPEN_DEADLINE_MS);
    this.opened = promise.finally(() => clearTimeout(deadline));
    this.#settle = {resolve, reject};
    this.#swarm = swarm;
    this.#dialect = dialect;
    this.#reader = new FrameReader(dialect);
    const onread = {
      buffer: receiveBuffer,
      callback: (length: number) => {
        this.#receive(length);
        return true;
      },
    };
    this.#socket = connect({port, host: '127.0.0.1', noDelay: true, onread});
    this.#socket.on('error', reject);
    this.#socket.on('close', () => {
      swarm.handleClose();
      reject(new Error('the server closed a session'));
    });
    this.#socket.write(upgradeRequest(port, dialect.path));
  }

  close(): void {
    this.#socket.removeAllListeners('close');
    this.#socket.destroy();
  }

  #receive(length: number): void {
    if (this.#head !== undefined) {
      this.#receiveHead(this.#head + receiveBuffer.toString('latin1', 0, length));
      return;
    }
    const reader = this.#reader;
    const {statuses} = reader;
    reader.read(receiveBuffer, length);
    if (reader.statuses !== statuses) this.#swarm.handleEvents(statuses, reader.statuses);
    for (; this.#pongs < reader.pings; this.#pongs += 1)
      this.#socket.write(this.#dialect.textPings ? TEXT_PONG : PONG);
    if (this.#settle !== undefined) this.#settleOnceGreeted();
  }

  #receiveHead(head: string): void {
    this.#head = head;
    const end = head.indexOf(END_OF_HEAD);
    if (end === -1) return;
    this.#head = undefined;
    if (!head.startsWith('HTTP/1.1 101 '))
      this.#settle?.reject(new Error(`unexpected response to an upgrade: ${head}`));
    else if (this.#dialect.hello !== undefined) this.#socket.write(this.#dialect.hello);
    const rest = Buffer.from(head.slice(end + END_OF_HEAD.length), 'latin1');
    this.#reader.read(rest, rest.length);
    if (this.#reader.statuses > 0) this.#swarm.handleEvents(0, this.#reader.statuses);
    this.#settleOnceGreeted();
  }

  #settleOnceGreeted(): void {
    if (this.#reader.texts < this.#dialect.greetings) return;
    this.#settle?.resolve();
    this.#settle = undefined;
  }
}

function upgradeRequest(port: number, path: string): string {
  const head = [
    `GET ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    `Sec-WebSocket-Protocol: ${SUBPROTOCOL}`,
    `Authorization: Bearer ${ACCESS_KEY}`,
  ];
  return `${head.join('\r\n')}\r\n\r\n`;
}
