/** What the simulator tells its `logger`: the lines of Twilio's debugger, and the course of calls. */
export interface LogEvent {
  readonly level: 'info' | 'warning' | 'error';
  /** What happened, such as `call-status`, `callback-failed` or `twiml-error`. */
  readonly event: string;
  readonly message: string;
  readonly callSid?: string;
  /** Twilio's code in its error and warning dictionary, such as 11200. */
  readonly code?: number;
  /** The request that it is about. */
  readonly requestUrl?: string;
  readonly requestMethod?: string;
}

export type Logger = (event: LogEvent) => void;
