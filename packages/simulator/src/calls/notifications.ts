import {BoundedLog} from '../bounded-log.ts';
import type {LogEvent} from '../log.ts';
import {createSid} from '../sids.ts';

/** An error or warning about a call, as in Twilio's debugger. */
export interface Notification {
  readonly sid: string;
  readonly at: Date;
  readonly level: 'warning' | 'error';
  readonly code: number;
  readonly message: string;
  readonly callSid: string | null;
  readonly requestUrl: string;
  readonly requestMethod: string;
}

/** Stores log events with a code of Twilio's error dictionary as notifications. Only the latest are kept. */
export class Notifications {
  readonly #log: BoundedLog<Notification>;

  constructor({limit}: {readonly limit: number}) {
    this.#log = new BoundedLog({limit});
  }

  /** Stores a log event if it has a code and is a warning or an error. */
  keep({level, code, message, callSid, requestUrl = '', requestMethod = ''}: LogEvent): void {
    if (code === undefined || level === 'info') return;
    const sid = createSid('NO');
    this.#log.add({
      sid,
      at: new Date(),
      level,
      code,
      message,
      callSid: callSid ?? null,
      requestUrl,
      requestMethod,
    });
  }

  /** Oldest first. */
  all(): readonly Notification[] {
    return this.#log.list();
  }

  delete(sid: string): void {
    this.#log.remove((notification) => notification.sid === sid);
  }

  clear(): void {
    this.#log.clear();
  }
}
