import {BoundedLog} from '../bounded-log.ts';
import type {LogEvent} from '../log.ts';
import {createSid} from '../sids.ts';

/** An error or a warning about a call, as Twilio's debugger has it. */
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

/** Log events with a code of Twilio's error dictionary, as notifications. The latest are remembered. */
export class Notifications {
  readonly #log: BoundedLog<Notification>;

  constructor({limit}: {readonly limit: number}) {
    this.#log = new BoundedLog({limit});
  }

  /** Keeps a log event that has a code and is not only information. */
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
