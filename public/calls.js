/**
 * The calls this page knows: those in progress, and those it saw end. Pure state, no DOM.
 *
 * @import {Call, CallStatusMessage} from '../packages/protocol/src/messages.ts'
 */

/**
 * `unseen` is a call that was in progress when the line broke and is not any more: how it ended was not seen.
 *
 * @typedef {Call['status'] | 'unseen'} ShownStatus
 *
 * @typedef {object} KnownCall
 * @property {string} callSid
 * @property {ShownStatus} status
 * @property {string} providerStatus
 * @property {string | undefined} reason
 * @property {string} direction
 * @property {string} from
 * @property {string} to
 * @property {string | undefined} parentCallSid
 * @property {string | undefined} answeredBy
 * @property {number | undefined} duration seconds
 * @property {number} startedAt ms since 1970, the server's clock
 * @property {number | undefined} answeredAt
 * @property {number} offset
 * @property {number} order rises with every call that is first seen
 * @property {number} endOrder rises with every call that is seen to end; 0 while it is in progress
 *
 * @typedef {{call: KnownCall, isLeg: boolean}} Row `isLeg`: shown below the call it belongs to
 */

const MAX_ENDED = 200;

/** @param {KnownCall} call */
export function isActive({endOrder}) {
  return endOrder === 0;
}

export class Calls {
  /** @type {Map<string, KnownCall>} */
  #calls = new Map();
  #order = 0;
  #ended = 0;

  /** @param {string} callSid */
  get(callSid) {
    return this.#calls.get(callSid);
  }

  get activeCount() {
    return this.#calls.size - this.#ended;
  }

  /**
   * All calls in progress, as they are: replaces what was known of calls in progress.
   *
   * @param {readonly Call[]} snapshot
   */
  replaceActive(snapshot) {
    const listed = new Set(snapshot.map(({callSid}) => callSid));
    for (const call of this.#calls.values()) {
      // Offsets count within an epoch, and this may be another one.
      call.offset = 0;
      if (isActive(call) && !listed.has(call.callSid)) this.#setEnded(call, 'unseen');
    }
    const oldestFirst = [...snapshot].sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
    for (const {createdAt, answeredAt, ...call} of oldestFirst) {
      this.#put(call, {
        startedAt: Date.parse(createdAt),
        answeredAt: answeredAt === undefined ? undefined : Date.parse(answeredAt),
      });
    }
    this.#prune();
  }

  /**
   * @param {CallStatusMessage} message
   * @returns {KnownCall | undefined} the call, unless this was known already
   */
  apply(message) {
    const known = this.#calls.get(message.callSid);
    if (known !== undefined && message.offset <= known.offset) return undefined;
    const at = Date.parse(message.timestamp);
    const call = this.#put(message, {
      startedAt: known?.startedAt ?? at,
      answeredAt: known?.answeredAt ?? (message.status === 'in-progress' ? at : undefined),
    });
    this.#prune();
    return call;
  }

  /** Calls as they are shown: in progress first, newest on top, legs below the call they belong to. @returns {Row[]} */
  rows() {
    const legs = this.#legsByParent();
    const roots = [...this.#calls.values()].filter((call) => !this.#hasParent(call));
    const trees = roots.map((root) => {
      const calls = [root, ...(legs.get(root.callSid) ?? [])];
      const endOrder = Math.max(...calls.map((call) => call.endOrder));
      return {calls, active: calls.some(isActive), order: root.order, endOrder};
    });
    trees.sort((a, b) => {
      if (a.active !== b.active) return a.active ? -1 : 1;
      return a.active ? b.order - a.order : b.endOrder - a.endOrder;
    });
    return trees.flatMap(({calls}) => calls.map((call, index) => ({call, isLeg: index > 0})));
  }

  #legsByParent() {
    /** @type {Map<string, KnownCall[]>} */
    const legs = new Map();
    for (const call of this.#calls.values()) {
      if (!this.#hasParent(call)) continue;
      const parent = String(call.parentCallSid);
      legs.set(parent, [...(legs.get(parent) ?? []), call]);
    }
    return legs;
  }

  /** Whether it is shown below another call. One level is what Twilio has; more could be a circle. @param {KnownCall} call */
  #hasParent({callSid, parentCallSid}) {
    if (parentCallSid === undefined || parentCallSid === callSid) return false;
    const parent = this.#calls.get(parentCallSid);
    return parent !== undefined && parent.parentCallSid === undefined;
  }

  /**
   * @param {Omit<Call, 'createdAt' | 'updatedAt'> | CallStatusMessage} news
   * @param {{startedAt: number, answeredAt: number | undefined}} times
   */
  #put(news, times) {
    const known = this.#calls.get(news.callSid);
    const over = news.status === 'completed' || news.status === 'failed';
    /** @type {KnownCall} */
    const call = {
      callSid: news.callSid,
      status: news.status,
      providerStatus: news.providerStatus,
      reason: news.reason,
      direction: news.direction,
      from: news.from,
      to: news.to,
      parentCallSid: news.parentCallSid,
      answeredBy: news.answeredBy,
      duration: news.duration,
      offset: news.offset,
      ...times,
      order: known?.order ?? this.#nextOrder(),
      endOrder: 0,
    };
    if (known !== undefined && !isActive(known)) this.#ended -= 1;
    this.#calls.set(call.callSid, call);
    if (over) this.#setEnded(call, news.status);
    return call;
  }

  /**
   * @param {KnownCall} call
   * @param {ShownStatus} status
   */
  #setEnded(call, status) {
    call.status = status;
    call.endOrder = this.#nextOrder();
    this.#ended += 1;
  }

  #nextOrder() {
    this.#order += 1;
    return this.#order;
  }

  /** Forgets those that ended longest ago. */
  #prune() {
    if (this.#ended <= MAX_ENDED) return;
    const ended = [...this.#calls.values()].filter((call) => !isActive(call));
    ended.sort((a, b) => a.endOrder - b.endOrder);
    for (const {callSid} of ended.slice(0, this.#ended - MAX_ENDED)) this.#calls.delete(callSid);
    this.#ended = MAX_ENDED;
  }
}
