/**
 * Commands to hang up that are under way, one a call however often somebody clicks, and what became of them.
 *
 * @import {CallActionAcceptedMessage, ClientMessage, ErrorMessage} from '../packages/protocol/src/messages.ts'
 */

/** @typedef {{phase: 'asked', requestId: string} | {phase: 'accepted', requestId: string} | {phase: 'failed', message: string}} HangUpState */

/** After this long without an end, hanging up once more is no accident. */
const ASK_AGAIN_AFTER_MS = 30_000;

export class HangUps {
  /** @type {(message: ClientMessage) => boolean} */
  #send;
  /** @type {() => void} */
  #onChange;
  /** @type {Map<string, HangUpState>} */
  #states = new Map();
  #lastRequest = 0;

  /** @param {{send: (message: ClientMessage) => boolean, onChange: () => void}} options */
  constructor({send, onChange}) {
    this.#send = send;
    this.#onChange = onChange;
  }

  /** @param {string} callSid */
  isUnderWay(callSid) {
    const phase = this.#states.get(callSid)?.phase;
    return phase === 'asked' || phase === 'accepted';
  }

  /** Why the last attempt failed; empty when it did not. @param {string} callSid */
  errorOf(callSid) {
    const state = this.#states.get(callSid);
    return state?.phase === 'failed' ? state.message : '';
  }

  /** @param {string} callSid */
  ask(callSid) {
    if (this.isUnderWay(callSid)) return;
    this.#lastRequest += 1;
    const requestId = `hang-up-${this.#lastRequest}`;
    if (this.#send({type: 'call.action', action: 'disconnect', callSid, requestId})) {
      this.#states.set(callSid, {phase: 'asked', requestId});
      setTimeout(() => this.#giveUp(callSid, requestId), ASK_AGAIN_AFTER_MS);
    } else {
      this.#states.set(callSid, {
        phase: 'failed',
        message: 'Not connected: try again when this page is live.',
      });
    }
    this.#onChange();
  }

  /** @param {CallActionAcceptedMessage} message */
  accepted({callSid}) {
    const state = this.#states.get(callSid);
    if (state?.phase !== 'asked') return;
    this.#states.set(callSid, {phase: 'accepted', requestId: state.requestId});
    this.#onChange();
  }

  /**
   * @param {ErrorMessage} error
   * @returns {string | undefined} the call whose hang-up failed; undefined when the error is about something else
   */
  failed({requestId, message}) {
    for (const [callSid, state] of this.#states) {
      if (state.phase !== 'asked' || state.requestId !== requestId) continue;
      this.#states.set(callSid, {phase: 'failed', message});
      this.#onChange();
      return callSid;
    }
    return undefined;
  }

  /** The call is over: that is all there was to want. @param {string} callSid */
  ended(callSid) {
    this.#states.delete(callSid);
  }

  /** Whether what was asked ever arrived, nobody knows: asking again does no harm. */
  connectionLost() {
    for (const [callSid, {phase}] of this.#states) if (phase === 'asked') this.#states.delete(callSid);
    this.#onChange();
  }

  clear() {
    this.#states.clear();
  }

  /**
   * @param {string} callSid
   * @param {string} requestId of the attempt that has gone on for too long; a later one has its own time
   */
  #giveUp(callSid, requestId) {
    const state = this.#states.get(callSid);
    if (state === undefined || state.phase === 'failed' || state.requestId !== requestId) return;
    this.#states.set(callSid, {phase: 'failed', message: 'Still not ended. Try again.'});
    this.#onChange();
  }
}
