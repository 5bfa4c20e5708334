/**
 * Enforces `channel_binding=require`: the server must prove, within this TLS connection, that it knows the
 * password. The driver only prefers channel binding. It would also send the password in plain text, or accept
 * a server that asks for no password.
 */
import type {EventEmitter} from 'node:events';
import type {Duplex} from 'node:stream';
import {Client, type ClientConfig} from 'pg';
import {JournalUnavailableError} from '../errors/app-error.ts';

const MECHANISM = 'SCRAM-SHA-256-PLUS';

/** The driver's protocol connection, which its types do not expose. */
interface Wire extends EventEmitter {
  readonly stream: Duplex;
}

/** A client that refuses a server without channel binding. */
export class BoundClient extends Client {
  constructor(config?: ClientConfig) {
    super(config);
    // These listeners run before the driver's own, so that the driver never answers a refused request.
    requireChannelBinding((this as unknown as {readonly connection: Wire}).connection);
  }
}

function requireChannelBinding(connection: Wire): void {
  let isBound = false;
  const refuse = () => {
    // The same packet may contain ReadyForQuery, and the driver would then report success.
    connection.removeAllListeners('readyForQuery');
    connection.emit('error', unbound());
    connection.stream.destroy();
  };
  connection.on('authenticationCleartextPassword', refuse);
  connection.on('authenticationMD5Password', refuse);
  connection.on('authenticationSASL', ({mechanisms}: {readonly mechanisms: readonly string[]}) => {
    if (!mechanisms.includes(MECHANISM)) refuse();
  });
  connection.on('authenticationSASLFinal', () => {
    isBound = true;
  });
  connection.on('authenticationOk', () => {
    if (!isBound) refuse();
  });
}

function unbound(): JournalUnavailableError {
  return new JournalUnavailableError(
    'The database does not offer channel binding (SCRAM-SHA-256-PLUS), which channel_binding=require in DATABASE_URL requires: ' +
      'set password_encryption=scram-sha-256 there and set the password again, or leave channel_binding out. PgBouncer does not support it.',
  );
}
