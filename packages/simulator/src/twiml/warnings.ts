import type {VerbContext} from './host.ts';

/**
 * Twilio's schema warning (12200). The simulator also uses it for TwiML that Twilio runs but the simulator
 * does not, so that a developer can see why the call waits.
 */
const SCHEMA_WARNING = 12200;

/** Adds a warning about a document to the log and the call's notifications. */
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
