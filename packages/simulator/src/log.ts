/** Entries for the simulator's `logger`: errors and warnings of Twilio's debugger, and changes of calls. */
export interface LogEvent {
  readonly level: 'info' | 'warning' | 'error';
  /** The kind of event, such as `call-status`, `callback-failed` or `twiml-error`. */
  readonly event: string;
  readonly message: string;
  readonly callSid?: string;
  /** Twilio's code from its error and warning dictionary, such as 11200. */
  readonly code?: number;
  /** The request that the entry is about. */
  readonly requestUrl?: string;
  readonly requestMethod?: string;
}

export type Logger = (event: LogEvent) => void;
