/**
 * The line to the gateway: one WebSocket at a time, resumed where the last one broke (rules W11, W12). Says what state
 * it is in, hands on every message, and sends nothing by itself: protocol pongs are the browser's.
 *
 * @import {ClientMessage, ServerMessage} from '../packages/protocol/src/messages.ts'
 */
import {backoffMs, retryAfter} from './retry.js';

/**
 * `continuity` says what `live` is worth: `first` view, `recovered` without a gap, or begun again from a `snapshot`.
 *
 * @typedef {{phase: 'connecting'}
 *   | {phase: 'live', continuity: 'first' | 'recovered' | 'snapshot'}
 *   | {phase: 'waiting', dueAt: number, why: string}
 *   | {phase: 'stopped', why: string}
 *   | {phase: 'unauthorized', wasLive: boolean}} ConnectionState
 *
 * @typedef {object} ConnectionOptions
 * @property {URL} url
 * @property {string} key
 * @property {(message: ServerMessage) => void} onMessage
 * @property {(state: ConnectionState) => void} onState
 */

const SUBPROTOCOL = 'hookswitch.v1';
const BEARER_PREFIX = 'hookswitch.bearer.';

/** From `new WebSocket` to `session.ready`. */
const READY_TIMEOUT_MS = 10_000;
/** How late a heartbeat may be before the line counts as dead: the share that the server allows us, and a little more. */
const HEARTBEAT_LATE_SHARE = 0.4;
const HEARTBEAT_LATE_MS = 1000;
/** A server that says "reconnect now" each time must not make us spin. */
const NOW_AT_MOST_EVERY_MS = 2000;

export class Connection {
  /** @type {ConnectionOptions} */
  #options;
  /** @type {WebSocket | undefined} */
  #socket;
  /** @type {ConnectionState} */
  #state = {phase: 'connecting'};
  /** Where to resume: what was seen up to here has been handed on. @type {{epoch: string, offset: number} | undefined} */
  #position;
  /** Epoch of a session whose snapshot is still to come. @type {string | undefined} */
  #snapshotEpoch;
  #attempt = 0;
  #wasLive = false;
  #retriedNowAt = Number.NEGATIVE_INFINITY;
  #heardAt = 0;
  #silenceLimitMs = READY_TIMEOUT_MS;
  /** The next attempt while waiting, the watch for silence otherwise. @type {number | undefined} */
  #timer;

  /** @param {ConnectionOptions} options */
  constructor(options) {
    this.#options = options;
  }

  get isLive() {
    return this.#state.phase === 'live';
  }

  /** Connects, and stays connected until `stop` or until the server says not to come back. */
  start() {
    this.#connect();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#letGo();
  }

  /** Somebody does not want to wait, or knows that it works again. */
  retryNow() {
    if (this.#state.phase !== 'waiting' && this.#state.phase !== 'stopped') return;
    this.#attempt = 0;
    this.#connect();
  }

  /**
   * @param {ClientMessage} message
   * @returns {boolean} false when there is no line to send it on
   */
  send(message) {
    if (!this.isLive || this.#socket === undefined) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  #connect() {
    clearTimeout(this.#timer);
    this.#setState({phase: 'connecting'});
    const {url, key} = this.#options;
    const target = new URL(url);
    if (this.#position !== undefined) {
      target.searchParams.set('epoch', this.#position.epoch);
      target.searchParams.set('offset', String(this.#position.offset));
    }
    this.#snapshotEpoch = undefined;
    let socket;
    try {
      socket = new WebSocket(target, [SUBPROTOCOL, BEARER_PREFIX + key]);
    } catch {
      // Not every text can be a subprotocol, and no access key is one that cannot.
      this.#setState({phase: 'unauthorized', wasLive: false});
      return;
    }
    this.#socket = socket;
    socket.onmessage = ({data}) => this.#receive(data);
    socket.onclose = ({code, reason}) => this.#closed(code, reason);
    this.#heardAt = performance.now();
    this.#silenceLimitMs = READY_TIMEOUT_MS;
    this.#watch();
  }

  /** @param {unknown} data */
  #receive(data) {
    this.#heardAt = performance.now();
    const message = parse(data);
    if (message === undefined) return;
    if (message.type === 'session.ready') {
      this.#attempt = 0;
      this.#silenceLimitMs = message.heartbeatMs * (1 + HEARTBEAT_LATE_SHARE) + HEARTBEAT_LATE_MS;
      this.#watch();
      // Without the snapshot that comes with it, the new position would be a gap.
      if (message.recovered) this.#position = {epoch: message.epoch, offset: message.offset};
      else this.#snapshotEpoch = message.epoch;
      this.#options.onMessage(message);
      if (message.recovered) this.#becomeLive('recovered');
      return;
    }
    this.#options.onMessage(message);
    if (message.type === 'call.snapshot' && this.#snapshotEpoch !== undefined) {
      this.#position = {epoch: this.#snapshotEpoch, offset: message.offset};
      this.#snapshotEpoch = undefined;
      this.#becomeLive(this.#wasLive ? 'snapshot' : 'first');
    } else if ('offset' in message && this.#position !== undefined) {
      this.#position.offset = Math.max(this.#position.offset, message.offset);
    }
  }

  /** @param {'first' | 'recovered' | 'snapshot'} continuity */
  #becomeLive(continuity) {
    this.#wasLive = true;
    this.#setState({phase: 'live', continuity});
  }

  /** Looks again when the line would be dead if nothing came until then. */
  #watch() {
    clearTimeout(this.#timer);
    const restMs = this.#heardAt + this.#silenceLimitMs - performance.now();
    if (restMs > 0) this.#timer = setTimeout(() => this.#watch(), restMs);
    else this.#closed(1006, 'The line went silent.');
  }

  /**
   * @param {number} code
   * @param {string} reason
   */
  #closed(code, reason) {
    clearTimeout(this.#timer);
    this.#letGo();
    const retry = retryAfter(code);
    const isSpinning = performance.now() - this.#retriedNowAt < NOW_AT_MOST_EVERY_MS;
    if (retry === 'with-new-token') {
      this.#setState({phase: 'unauthorized', wasLive: this.#wasLive});
    } else if (retry === 'never') {
      this.#setState({phase: 'stopped', why: reason || `The server closed the connection (${code}).`});
    } else if (retry === 'now' && !isSpinning) {
      this.#retriedNowAt = performance.now();
      this.#connect();
    } else {
      this.#wait(reason || this.#guess());
    }
  }

  /** A browser is not told why a connection failed. */
  #guess() {
    return this.#wasLive
      ? 'The connection was lost.'
      : 'No connection. Is the gateway running, and may pages of this origin connect (ALLOWED_ORIGINS)?';
  }

  /** @param {string} why */
  #wait(why) {
    const delayMs = backoffMs(this.#attempt);
    this.#attempt += 1;
    this.#timer = setTimeout(() => this.#connect(), delayMs);
    this.#setState({phase: 'waiting', dueAt: performance.now() + delayMs, why});
  }

  /** The socket may live on for a while; nobody listens to it any more. */
  #letGo() {
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#socket = undefined;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }

  /** @param {ConnectionState} state */
  #setState(state) {
    this.#state = state;
    this.#options.onState(state);
  }
}

/**
 * @param {unknown} data
 * @returns {ServerMessage | undefined} undefined for what is no message; a later server may send such
 */
function parse(data) {
  try {
    const message = JSON.parse(String(data));
    return typeof message?.type === 'string' ? message : undefined;
  } catch {
    return undefined;
  }
}
