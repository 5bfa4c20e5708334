/**
 * Configures a client of the driver. The startup packet has only the user, the database and a name, which
 * every pooler accepts. `session-settings.ts` sets everything else later.
 */
import {Client, type ClientConfig, types} from 'pg';
import {BoundClient} from './channel-binding.ts';
import type {PostgresAddress} from './postgres-url.ts';
import type {SessionLimits} from './session-settings.ts';

const INT8 = 20;

/** Offsets and milliseconds are far below 2^53, so a number holds them. */
function parseInt8(text: string): number {
  return Number(text);
}

/** Returns the driver's client class, or a stricter one if the URL requires channel binding. */
export function clientOf({channelBinding}: PostgresAddress): typeof Client {
  return channelBinding === 'require' ? BoundClient : Client;
}

export function clientConfig(
  address: PostgresAddress,
  applicationName: string,
  limits: SessionLimits,
): ClientConfig {
  const {host, port, user, password, database, ssl, channelBinding, options, directTls} = address;
  return {
    host,
    port,
    user,
    database,
    ssl,
    ...(password === undefined ? {} : {password}),
    ...(options === undefined ? {} : {options}),
    ...(directTls ? {sslnegotiation: 'direct' as const} : {}),
    enableChannelBinding: channelBinding !== 'disable' && ssl !== false,
    application_name: applicationName,
    connectionTimeoutMillis: limits.connectMs,
    query_timeout: limits.answerMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    types: {
      getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
        oid === INT8 && format !== 'binary'
          ? parseInt8
          : types.getTypeParser(oid, format)) as typeof types.getTypeParser,
    },
  };
}
