import type {WebhookParameters} from '../webhooks/signature.ts';
import type {HttpMethod} from '../webhooks/target.ts';

/** The source of a TwiML document. */
export type TwimlSource =
  | {
      readonly kind: 'url';
      readonly url: string;
      readonly method: HttpMethod;
      /** Sent in addition to the call's parameters, such as Digits or DialCallStatus. */
      readonly params?: WebhookParameters;
    }
  | {readonly kind: 'inline'; readonly twiml: string};
