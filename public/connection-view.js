/** The state of the connection in words, and how long until the next attempt. @import {ConnectionState} from './connection.js' */
import {byId, setText} from './elements.js';

const COUNT_EVERY_MS = 250;

export class ConnectionView {
  #box = byId('connection', HTMLElement);
  #word = byId('connection-word', HTMLElement);
  #countdown = byId('connection-countdown', HTMLElement);
  #detail = byId('connection-detail', HTMLElement);
  #reconnect = byId('reconnect', HTMLButtonElement);
  /** @type {number | undefined} */
  #timer;
  /** When the page was last live. @type {Date | undefined} */
  #liveUntil;

  /** @param {{onReconnect: () => void}} options */
  constructor({onReconnect}) {
    this.#reconnect.addEventListener('click', onReconnect);
  }

  /** @param {ConnectionState} state */
  show(state) {
    clearInterval(this.#timer);
    if (this.#box.dataset['phase'] === 'live' && state.phase !== 'live') this.#liveUntil = new Date();
    if (state.phase === 'unauthorized') this.#liveUntil = undefined;
    this.#box.dataset['phase'] = state.phase;
    this.#box.hidden = state.phase === 'unauthorized';
    const canHurry = state.phase === 'waiting' || state.phase === 'stopped';
    // Whoever pressed it must not fall out of the page when it goes.
    if (!canHurry && document.activeElement === this.#reconnect) byId('show-keys', HTMLButtonElement).focus();
    this.#reconnect.hidden = !canHurry;
    setText(this.#countdown, '');
    this.#describe(state);
    if (state.phase === 'waiting') this.#count(state.dueAt);
  }

  /** @param {ConnectionState} state */
  #describe(state) {
    switch (state.phase) {
      case 'connecting':
        this.#say(this.#liveUntil === undefined ? 'connecting' : 'reconnecting', this.#asOf());
        return;
      case 'live':
        this.#say('live', state.continuity === 'snapshot' ? startedAfresh : this.#caughtUp(state.continuity));
        return;
      case 'waiting':
        this.#say('reconnecting', `${state.why} ${this.#asOf()}`);
        return;
      case 'stopped':
        this.#say('stopped', `${state.why} This page does not try again by itself. ${this.#asOf()}`);
        return;
      case 'unauthorized':
        this.#say('', '');
    }
  }

  /**
   * @param {string} word
   * @param {string} detail
   */
  #say(word, detail) {
    setText(this.#word, word);
    setText(this.#detail, detail.trim());
    this.#detail.hidden = detail === '';
  }

  /** What is on the screen is not what is. */
  #asOf() {
    return this.#liveUntil === undefined
      ? ''
      : `Calls are shown as of ${this.#liveUntil.toLocaleTimeString()}.`;
  }

  /** @param {'first' | 'recovered'} continuity */
  #caughtUp(continuity) {
    if (continuity === 'first' || this.#liveUntil === undefined) return '';
    return `Connected again: nothing since ${this.#liveUntil.toLocaleTimeString()} was missed.`;
  }

  /** @param {number} dueAt */
  #count(dueAt) {
    const tick = () =>
      setText(this.#countdown, ` in ${Math.max(1, Math.ceil((dueAt - performance.now()) / 1000))} s`);
    tick();
    this.#timer = setInterval(tick, COUNT_EVERY_MS);
  }
}

const startedAfresh =
  'Connected again, and begun afresh: calls in progress are right, what happened in between was not seen.';
