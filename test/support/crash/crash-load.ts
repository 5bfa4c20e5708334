/** Sends webhooks at full speed until the gateway is killed. */
import {Agent} from 'node:http';
import {post} from '../simulation/twilio.ts';

export interface LoadWebhook {
  readonly key: string;
  readonly fields: Readonly<Record<string, string>>;
}

const statuses = ['initiated', 'ringing', 'in-progress', 'completed'] as const;

/** Webhook `number` of an endless load: four per call, in the call's order. */
export function loadWebhook(number: number, accountSid: string): LoadWebhook {
  const sequence = number % statuses.length;
  const call = Math.floor(number / statuses.length);
  const CallSid = `CA${call.toString(16).padStart(32, '0')}`;
  const fields = {
    AccountSid: accountSid,
    ApiVersion: '2010-04-01',
    CallSid,
    CallStatus: statuses[sequence] ?? 'completed',
    CallbackSource: 'call-progress-events',
    Direction: 'outbound-api',
    From: '+15005550006',
    To: '+15550100001',
    SequenceNumber: String(sequence),
    Timestamp: 'Mon, 05 Jan 2026 12:00:00 +0000',
    ...(sequence === 3 ? {CallDuration: '7'} : {}),
  };
  return {key: `${CallSid}/${sequence}`, fields};
}

/** Sends continuously, `concurrency` at a time. Each webhook is retried until it is acknowledged. */
export class WebhookLoad {
  readonly answered = new Set<string>();
  /** Sent webhooks without a response. */
  readonly unanswered = new Map<string, LoadWebhook>();
  readonly #gatewayUrl: string;
  readonly #accountSid: string;
  #next = 0;

  constructor({gatewayUrl, accountSid}: {gatewayUrl: string; accountSid: string}) {
    this.#gatewayUrl = gatewayUrl;
    this.#accountSid = accountSid;
  }

  /** Runs until the gateway stops responding. `onAnswer` gets the number of responses in this run. */
  async untilCut(concurrency: number, onAnswer: (answers: number) => void): Promise<void> {
    const agent = new Agent({keepAlive: true, maxSockets: concurrency});
    let answers = 0;
    const work = async () => {
      for (;;) {
        const webhook = this.#take();
        const status = await post(this.#gatewayUrl, {route: 'status', fields: webhook.fields}, {agent});
        if (status === undefined || status >= 500) {
          this.unanswered.set(webhook.key, webhook);
          return;
        }
        if (status !== 204) throw new Error(`${webhook.key} got status ${status}`);
        this.answered.add(webhook.key);
        answers += 1;
        onAnswer(answers);
      }
    };
    await Promise.all(Array.from({length: concurrency}, work));
    agent.destroy();
  }

  /** Webhooks without a response come first, because Twilio retries them. */
  #take(): LoadWebhook {
    for (const [key, webhook] of this.unanswered) {
      this.unanswered.delete(key);
      return webhook;
    }
    this.#next += 1;
    return loadWebhook(this.#next - 1, this.#accountSid);
  }
}
