/** The TwiML that the gateway itself creates. */
import twilio from 'twilio';

export interface ConnectOptions {
  /** E.164 number, `client:name` or `sip:…`. */
  readonly to: string;
  /** Shown to the callee; a number of the account. */
  readonly callerId: string;
  /** The URL for the new leg's status callbacks. */
  readonly statusCallback: string;
  /** Seconds after which the leg is ended. */
  readonly timeLimit: number;
}

/**
 * In TwiML the events are one attribute, separated by spaces. In the REST API they are repeated parameters.
 */
const EVENTS = ['initiated', 'ringing', 'answered', 'completed'] as const;

/** `<Dial>`s a second party, whose leg sends the same callbacks as the first. */
export function connectTwiml({to, callerId, statusCallback, timeLimit}: ConnectOptions): string {
  const response = new twilio.twiml.VoiceResponse();
  const dial = response.dial({callerId, timeLimit});
  const reporting = {statusCallback, statusCallbackMethod: 'POST', statusCallbackEvent: [...EVENTS]};
  if (to.startsWith('client:')) dialClient(dial.client(reporting), to.slice('client:'.length));
  else if (/^sips?:/.test(to)) dial.sip(reporting, to);
  else dial.number(reporting, to);
  return response.toString();
}

type ClientNoun = ReturnType<ReturnType<twilio.twiml.VoiceResponse['dial']>['client']>;

/** In TwiML, custom parameters are elements. Only the REST API accepts them after a question mark. */
function dialClient(client: ClientNoun, address: string): void {
  const mark = address.indexOf('?');
  client.identity(mark === -1 ? address : address.slice(0, mark));
  if (mark === -1) return;
  for (const [name, value] of new URLSearchParams(address.slice(mark + 1))) client.parameter({name, value});
}
