/** The listener: an unreadable request is answered once, and never in the middle of another response (H6). */
import assert from 'node:assert/strict';
import type {RequestListener} from 'node:http';
import {connect} from 'node:net';
import {test} from 'node:test';
import {pino} from 'pino';
import {systemClock} from '../../../src/clock.ts';
import {createClientErrorHandler} from '../../../src/handlers/http/raw-socket-responses.ts';
import {HttpListener} from '../../../src/transport/http-listener.ts';
import {freePort} from '../../support/gateway/free-port.ts';
import {until} from '../../support/until.ts';

const logger = pino({level: 'silent'});

/** Everything that is received for `send` until the connection ends. */
async function exchange(onRequest: RequestListener, send: readonly string[]): Promise<string> {
  const listener = new HttpListener({
    onRequest,
    onUpgrade: (_request, socket) => socket.destroy(),
    onClientError: createClientErrorHandler(logger),
    clock: systemClock,
    logger,
  });
  const port = await freePort();
  await listener.listen({host: '127.0.0.1', port});
  const socket = connect(port, '127.0.0.1');
  const rest = [...send];
  let received = '';
  const {promise, resolve} = Promise.withResolvers<void>();
  socket.on('error', () => {});
  socket.once('close', () => resolve());
  socket.on('data', (chunk: Buffer) => {
    received += String(chunk);
    const next = rest.shift();
    if (next !== undefined) socket.write(next);
  });
  socket.write(rest.shift() ?? '');
  await promise;
  await listener.close(0);
  return received;
}

const request = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

test('[H6] garbage after a finished response is answered', async () => {
  const received = await exchange(
    (_request, response) => response.end('whole'),
    [request, 'rubbish\r\n\r\n'],
  );
  assert.match(received, /^HTTP\/1\.1 200.*whole/s);
  assert.match(received, /whole.*HTTP\/1\.1 400.*"code":"invalid_request"/s);
});

test('[H6] garbage during a response ends the connection, without mixing into that response', async () => {
  const received = await exchange(
    (_request, response) => response.write('begun'),
    [request, 'rubbish\r\n\r\n'],
  );
  assert.match(received, /^HTTP\/1\.1 200.*begun\r\n$/s);
});

test('an idle connection is cut off, even in the middle of its response', async () => {
  let finished: boolean | undefined;
  const endless: RequestListener = (_request, response) => {
    response.write(Buffer.alloc(50_000_000));
    response.once('close', () => {
      finished = response.writableFinished;
    });
  };
  const listener = new HttpListener({
    onRequest: endless,
    onUpgrade: (_request, socket) => socket.destroy(),
    onClientError: createClientErrorHandler(logger),
    clock: systemClock,
    logger,
    stalledMs: 300,
  });
  const port = await freePort();
  await listener.listen({host: '127.0.0.1', port});
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.pause().write(request);
  await until(() => finished !== undefined, {what: 'the gateway to give up'});
  assert.equal(finished, false);
  socket.destroy();
  await listener.close(0);
});
