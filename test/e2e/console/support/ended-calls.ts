/** Ends calls through signed callbacks, at any time. */
import assert from 'node:assert/strict';
import {type CancelTimer, type Clock, systemClock} from '../../../../src/clock.ts';
import type {TestGateway} from '../../../support/gateway/gateway.ts';
import {postWebhook, someCallSid, statusFields} from '../../../support/twilio/signed-webhook.ts';

/** The system's clock with an offset. */
export class ShiftedClock implements Clock {
  shiftMs = 0;

  now(): number {
    return systemClock.now() + this.shiftMs;
  }

  monotonic(): number {
    return systemClock.monotonic();
  }

  after(delayMs: number, fn: () => void): CancelTimer {
    return systemClock.after(delayMs, fn);
  }

  every(intervalMs: number, fn: () => void): CancelTimer {
    return systemClock.every(intervalMs, fn);
  }
}

export interface EndedCall {
  readonly number: number;
  /** @default 'completed' */
  readonly status?: 'completed' | 'busy' | 'no-answer' | 'canceled' | 'failed';
  readonly fields?: Readonly<Record<string, string>>;
}

/** Resolves with the sid when the gateway has stored the call. */
export async function endCall(
  gateway: TestGateway,
  {number, status = 'completed', fields = {}}: EndedCall,
): Promise<string> {
  const CallSid = someCallSid(number);
  const answer = await postWebhook(
    gateway,
    statusFields(gateway, {
      CallSid,
      CallStatus: status,
      SequenceNumber: '3',
      To: `+1555010${String(number % 10_000).padStart(4, '0')}`,
      ...(status === 'completed' && {CallDuration: String(1 + (number % 90))}),
      ...fields,
    }),
  );
  assert.equal(answer.status, 204);
  return CallSid;
}
