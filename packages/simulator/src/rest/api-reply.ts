import type {Media} from '../audio/media.ts';
import {createSid} from '../sids.ts';

/** A response of the API. */
export interface ApiReply {
  readonly status: number;
  /** The JSON body. Null for an empty body. */
  readonly body: Record<string, unknown> | null;
  /** A file, sent instead of a body. A Range header selects a part of it. */
  readonly media?: Media;
  readonly headers?: Readonly<Record<string, string>>;
  /** Called after the response has been sent, for work that must not overtake it. */
  readonly afterwards?: () => void;
  /** The request is processed, but the connection closes without a response. */
  readonly lost?: boolean;
}

/** The headers of every response, as Twilio sends them. */
export function replyHeaders(startedAtMs: number, concurrent: number): Record<string, string> {
  return {
    'Content-Type': 'application/json',
    'Twilio-Request-Id': createSid('RQ'),
    'Twilio-Request-Duration': ((performance.now() - startedAtMs) / 1000).toFixed(3),
    'Twilio-Concurrent-Requests': String(concurrent),
    'X-Home-Region': 'us1',
    'X-API-Domain': 'api.twilio.com',
    'X-Powered-By': 'AT-5000',
    'X-Shenanigans': 'none',
    'Strict-Transport-Security': 'max-age=31536000',
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Allow-Headers':
      'Accept, Authorization, Content-Type, If-Match, If-Modified-Since, If-None-Match, If-Unmodified-Since',
    'Access-Control-Allow-Methods': 'GET, POST, DELETE, OPTIONS',
    'Access-Control-Expose-Headers': 'ETag',
    'Access-Control-Allow-Credentials': 'true',
  };
}
