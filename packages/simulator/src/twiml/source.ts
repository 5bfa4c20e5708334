import type {WebhookParameters} from '../webhooks/signature.ts';
import type {HttpMethod} from '../webhooks/target.ts';

/** Where a TwiML document comes from. */
export type TwimlSource =
  | {
      readonly kind: 'url';
      readonly url: string;
      readonly method: HttpMethod;
      /** Sent beside the parameters of the call, such as Digits or DialCallStatus. */
      readonly params?: WebhookParameters;
    }
  | {readonly kind: 'inline'; readonly twiml: string};
