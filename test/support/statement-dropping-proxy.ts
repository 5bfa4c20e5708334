/** A database proxy that drops a statement silently, as some connection poolers drop `SET`. */
import {once} from 'node:events';
import net, {type AddressInfo} from 'node:net';
import type {TestContext} from 'node:test';

/**
 * @param target port of the database, on loopback
 * @param statement replaced by blanks in everything a client sends
 * @returns the port of the proxy
 */
export async function startStatementDroppingProxy(
  t: Pick<TestContext, 'after'>,
  target: number,
  statement: string,
): Promise<number> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((near) => {
    const far = net.connect(target, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (data: Buffer) => to.write(from === near ? without(data, statement) : data));
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Keeps the length, because the protocol's messages have a length prefix. */
function without(data: Buffer, statement: string): Buffer {
  return Buffer.from(data.toString('latin1').replaceAll(statement, ' '.repeat(statement.length)), 'latin1');
}
