/** Handles the messages of the gateway. */
import type {ServerMessage} from '@hookswitch/protocol';
import {type ConnectionContext, type Link, send} from './link.ts';
import {watchLiveness} from './liveness.ts';
import {scheduleRenewal} from './token-renewal.ts';

/** Messages whose `timestamp` is their send time. The timestamp of `call.status` is the time of the event. */
const SENT_NOW = /^(session\.(ready|heartbeat|expiring|draining)|call\.action\.accepted|error)$/;

/** Handles a text message. It ignores invalid messages, and unknown messages of a newer gateway. */
export function handleMessage(context: ConnectionContext, link: Link, data: string): void {
  const {subscription, handler, dispatch} = context;
  const message = parseJson(data) as ServerMessage | null | undefined;
  if (typeof message?.type !== 'string') return;
  const {session} = link;
  if ('timestamp' in message && SENT_NOW.test(message.type)) {
    handler.onTime(message.timestamp, message.type === 'session.ready');
  }
  switch (message.type) {
    case 'session.ready': {
      if (!handler.onReady(message)) {
        dispatch({type: 'other-user'});
        break;
      }
      const {type: _type, timestamp: _timestamp, ...details} = message;
      link.session = details;
      dispatch({type: 'ready', session: details});
      if (subscription !== 'all') send(context, {type: 'call.subscribe', calls: [...subscription]});
      watchLiveness(context);
      break;
    }
    case 'call.status':
      handler.onStatus(message);
      dispatch({type: 'progress'});
      break;
    case 'call.snapshot':
      if (session === undefined) break;
      handler.onSnapshot(message, session.epoch, !session.recovered && !link.hasSnapshot);
      link.hasSnapshot = true;
      dispatch({type: 'caught-up'});
      break;
    case 'session.heartbeat':
      handler.onOffset(message.offset);
      dispatch({type: 'caught-up'});
      // Reply to each heartbeat, because the timers of a hidden page are too slow to send heartbeats in time.
      send(context, {type: 'session.heartbeat'});
      break;
    case 'session.expiring':
      scheduleRenewal(context, link, message);
      break;
    case 'error':
      handler.onRefused(message);
      break;
    case 'call.action.accepted':
      break;
    case 'session.draining':
      link.reconnectAt = context.clock.monotonic() + (afterMsOf(message) ?? 0);
  }
}

/** Returns `undefined` for invalid JSON. */
export function parseJson(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}

/** The reconnect delay that the server requested, in the reason of a close or in `session.draining`. */
export function afterMsOf(value: unknown): number | undefined {
  const {afterMs} = Object(value) as {readonly afterMs?: unknown};
  return typeof afterMs === 'number' && afterMs >= 0 ? afterMs : undefined;
}
