import type {Environment} from '../config/environment.ts';
import {isPostgresUrl, parsePostgresUrl} from '../postgres/postgres-url.ts';

/** Values of the environment that must never be logged, in any format. */
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
