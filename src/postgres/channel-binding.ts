/**
 * `channel_binding=require`: the server has to prove, within this very TLS connection, that it knows the password. The driver
 * only prefers that: it would also send the password in plain text, and accept a server that asks for no password.
 */
import type {EventEmitter} from 'node:events';
import type {Duplex} from 'node:stream';
import {Client, type ClientConfig} from 'pg';
import {JournalUnavailableError} from '../errors/app-error.ts';

const MECHANISM = 'SCRAM-SHA-256-PLUS';

/** The driver's own view of the protocol; its types do not have it. */
interface Wire extends EventEmitter {
  readonly stream: Duplex;
}

/** A client of the driver that refuses a server without channel binding. */
export class BoundClient extends Client {
  constructor(config?: ClientConfig) {
    super(config);
    // Before the driver's own listeners, so that nothing is answered that is refused here.
    requireChannelBinding((this as unknown as {readonly connection: Wire}).connection);
  }
}

function requireChannelBinding(connection: Wire): void {
  let isBound = false;
  const refuse = () => {
    // The same packet may hold ReadyForQuery, and the driver would report a good connection.
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
    'The database does not offer channel binding (SCRAM-SHA-256-PLUS), which channel_binding=require in DATABASE_URL asks for: ' +
      'set password_encryption=scram-sha-256 there and set the password again, or leave channel_binding out. PgBouncer cannot do it.',
  );
}
