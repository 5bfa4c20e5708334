import type {VerbContext} from './host.ts';

/**
 * Twilio's schema warning (12200). The simulator uses it also for TwiML that Twilio runs and the simulator does not, so
 * that a call that waits for nothing explains itself.
 */
const SCHEMA_WARNING = 12200;

/** Warns about a document in the log and in the call's notifications. */
export function warn(context: VerbContext, message: string, code = SCHEMA_WARNING): void {
  const {host, call, document} = context;
  host.log({
    level: 'warning',
    event: 'twiml-warning',
    code,
    message,
    callSid: call.sid,
    ...(document.url === null ? {} : {requestUrl: document.url}),
  });
}
