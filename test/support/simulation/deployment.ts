/** Deployments of a simulation: one gateway on SQLite, or several on one Postgres. */
import {type CrashGateway, createCrashGateway} from '../crash/crash-gateway.ts';
import {type JournalFile, readJournalFile} from '../crash/crash-journal-file.ts';
import {PostgresServer} from '../postgres/postgres.ts';
import {readPostgresJournal} from '../postgres/postgres-journal-file.ts';
import {ACCOUNT_SID, AUTH_TOKEN} from './twilio.ts';

export interface Deployment extends AsyncDisposable {
  /** Not started yet. */
  readonly gateways: readonly CrashGateway[];
  readonly publicUrl: string;
  /** Reads the journal without a gateway. */
  readJournal(): Promise<JournalFile>;
  /** Stops the database as in a crash and restarts it. Absent without a server. */
  restartDatabase?(): Promise<void>;
  /** Expires all leases, as if their holder had died ten seconds ago. Absent without leases. */
  expireLeases?(): Promise<void>;
}

/** @param apiUrl origin of Twilio's REST API */
export type Deploy = (apiUrl: string) => Promise<Deployment>;

const account = {accountSid: ACCOUNT_SID, authToken: AUTH_TOKEN};

export const onSqlite: Deploy = async (apiUrl) => {
  const gateway = await createCrashGateway({...account, apiUrl});
  return {
    gateways: [gateway],
    publicUrl: gateway.url,
    readJournal: async () => readJournalFile(gateway.databaseFile),
    [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose](),
  };
};

const DATABASE = 'hookswitch';

/** Uses a separate server, because the simulation stops it. */
export function onPostgres(count: number, nodeFlags: readonly string[] = []): Deploy {
  return async (apiUrl) => {
    await using undone = new AsyncDisposableStack();
    const server = await PostgresServer.create();
    undone.defer(() => server.dispose());
    await server.query(`CREATE DATABASE ${DATABASE}`);
    const gateways: CrashGateway[] = [];
    for (let index = 0; index < count; index += 1) {
      const env = {
        DATABASE_URL: server.url(DATABASE),
        NODE_ID: `node-${index + 1}`,
        PUBLIC_URL: 'https://voice.example.com',
      };
      gateways.push(undone.use(await createCrashGateway({...account, apiUrl, env, nodeFlags})));
    }
    const all = undone.move();
    return {
      gateways,
      publicUrl: 'https://voice.example.com',
      readJournal: () => readPostgresJournal(server, DATABASE),
      restartDatabase: async () => {
        await server.stop('immediate');
        await server.start();
      },
      expireLeases: async () => {
        await server.query(
          `UPDATE hookswitch.leases SET holder = gen_random_uuid(), token = token + 1, expires_at = now() - interval '1 ms'`,
          DATABASE,
        );
      },
      [Symbol.asyncDispose]: () => all.disposeAsync(),
    };
  };
}
