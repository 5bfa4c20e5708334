import type {Environment} from '../config/environment.ts';

/** The values of an environment that must not be logged, whatever they look like. */
export function secretsOf({twilio, accessKey, auth}: Environment): readonly (string | undefined)[] {
  return [twilio.authToken, twilio.alternateAuthToken, accessKey, auth.jwtSecret];
}
