import type {Environment} from '../config/environment.ts';
import {isPostgresUrl, parsePostgresUrl} from '../postgres/postgres-url.ts';

/** The values of an environment that must not be logged, whatever they look like. */
export function secretsOf({
  twilio,
  accessKey,
  auth,
  metricsToken,
  databaseUrl,
}: Environment): readonly (string | undefined)[] {
  const password = isPostgresUrl(databaseUrl) ? parsePostgresUrl(databaseUrl).password : undefined;
  return [twilio.authToken, twilio.alternateAuthToken, accessKey, auth.jwtSecret, metricsToken, password];
}
