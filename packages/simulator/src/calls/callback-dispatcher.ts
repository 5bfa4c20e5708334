import {EventEmitter, on, once} from 'node:events';
import type {Activity} from '../activity.ts';
import {type Clock, isAbort} from '../clock.ts';
import type {FaultPlan} from '../faults/faults.ts';
import type {Logger} from '../log.ts';
import type {MutableDelivery} from '../webhooks/delivery-log.ts';
import type {Webhook, WebhookOutcome, WebhookSender} from '../webhooks/webhook-sender.ts';
import type {Call, CallEvent} from './call.ts';
import {statusCallbackParameters} from './call-parameters.ts';

/**
 * A callback delayed for reordering is sent after this time, even if no other callback overtakes it. Real
 * milliseconds.
 */
const MAX_HOLD_MS = 2000;

export interface CallbackDispatcherOptions {
  readonly accountSid: string;
  readonly sender: WebhookSender;
  readonly faults: FaultPlan;
  readonly clock: Clock;
  readonly activity: Activity;
  readonly log: Logger;
}

/**
 * Fires status, recording and AMD callbacks. They are fired in order, and nothing waits for them. The order
 * of arrival depends on the network and the faults.
 */
export class CallbackDispatcher {
  readonly #options: CallbackDispatcherOptions;
  /** Emits the sid of a call with the SequenceNumber when one of its status callbacks has been delivered. */
  readonly #delivered = new EventEmitter().setMaxListeners(0);
  /**
   * One controller per delivery. One shared signal would be simpler, but an AbortSignal compares every new
   * listener with the existing ones, and a burst of calls has thousands.
   */
  readonly #underWay = new Set<AbortController>();
  #stopped = false;

  constructor(options: CallbackDispatcherOptions) {
    this.#options = options;
  }

  /** Aborts the deliveries in progress and fires no more callbacks. */
  stop(): void {
    this.#stopped = true;
    this.cutOff();
  }

  /** Aborts the deliveries in progress. */
  cutOff(): void {
    for (const delivery of this.#underWay) delivery.abort();
  }

  /** Fires the status callback for an event, if there is a subscription. */
  fire(call: Call, event: CallEvent): void {
    const {statusCallback} = call;
    if (this.#stopped || call.discarded || statusCallback === null || !statusCallback.events.has(event))
      return;
    const {sender, faults, accountSid} = this.#options;
    const key = {call: call.options.index, sequence: call.sequence, status: call.status};
    const {url, method} = statusCallback;
    const params = statusCallbackParameters(call, accountSid);
    const webhook: Webhook = {kind: 'status', callSid: call.sid, url, method, params, cookies: call.cookies};
    const delivery = sender.open(webhook);
    if (faults.strikesCallback('drop', key)) {
      delivery.state = 'dropped';
      delivery.faults.push('drop');
      return;
    }
    const struck = (['delay', 'reorder', 'repeat'] as const).filter((name) =>
      faults.strikesCallback(name, key),
    );
    // No later callback could overtake the last one.
    delivery.faults.push(...struck.filter((name) => name !== 'reorder' || event !== 'completed'));
    this.#track(call, (signal) => this.#deliver(webhook, delivery, {delayMs: faults.delayMs(key), signal}));
  }

  /** Fires a callback that is not about the call's progress. Faults do not affect it. */
  fireOther(call: Call, webhook: Pick<Webhook, 'kind' | 'url' | 'method' | 'params'>): void {
    if (this.#stopped || call.discarded) return;
    const full: Webhook = {...webhook, callSid: call.sid, cookies: call.cookies};
    const delivery = this.#options.sender.open(full);
    this.#track(call, (signal) => this.#send(full, delivery, signal));
  }

  /** Resolves when a status callback of the call has been delivered. Rejects when `signal` aborts. */
  async nextDelivered(call: Call, signal: AbortSignal): Promise<void> {
    await once(this.#delivered, call.sid, {signal});
  }

  async #deliver(
    webhook: Webhook,
    delivery: MutableDelivery,
    {delayMs, signal}: {readonly delayMs: number; readonly signal: AbortSignal},
  ): Promise<void> {
    const {clock, sender} = this.#options;
    if (delivery.faults.includes('delay')) await clock.realSleep(delayMs, signal);
    if (delivery.faults.includes('reorder')) await this.#overtaken(webhook, signal);
    await this.#send(webhook, delivery, signal);
    this.#delivered.emit(webhook.callSid, sequenceOf(webhook));
    if (delivery.faults.includes('repeat')) await sender.send(webhook, delivery, signal, true);
  }

  /** Waits for a later callback, because an earlier one may still be in progress when this one fires. */
  async #overtaken(webhook: Webhook, signal: AbortSignal): Promise<void> {
    const giveUp = AbortSignal.any([signal, AbortSignal.timeout(MAX_HOLD_MS)]);
    try {
      for await (const [sequence] of on(this.#delivered, webhook.callSid, {signal: giveUp})) {
        if (Number(sequence) > sequenceOf(webhook)) return;
      }
    } catch (error) {
      if (signal.aborted) throw error;
    }
  }

  async #send(webhook: Webhook, delivery: MutableDelivery, signal: AbortSignal): Promise<void> {
    const {sender, log} = this.#options;
    const outcome: WebhookOutcome = await sender.send(webhook, delivery, signal);
    const {callSid, url: requestUrl, method: requestMethod} = webhook;
    const about = {level: 'warning', event: 'callback-failed', callSid, requestUrl, requestMethod} as const;
    if (!outcome.ok) {
      const {code, message} = outcome;
      log({
        ...about,
        code,
        message: `${webhook.kind} callback: ${message}`,
      });
    } else if (outcome.response.truncated) {
      log({...about, code: 11750, message: 'Response body over 64 kB'});
    }
  }

  #track(call: Call, work: (signal: AbortSignal) => Promise<void>): void {
    const end = this.#options.activity.begin();
    const delivery = new AbortController();
    this.#underWay.add(delivery);
    work(delivery.signal)
      .catch((error: unknown) => {
        if (isAbort(error)) return;
        this.#options.log({level: 'error', event: 'internal', message: String(error), callSid: call.sid});
      })
      .finally(() => {
        this.#underWay.delete(delivery);
        end();
      });
  }
}

function sequenceOf({params}: Webhook): number {
  return Number(params['SequenceNumber']);
}
