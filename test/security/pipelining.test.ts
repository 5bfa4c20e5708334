/**
 * Pipelined requests are answered completely and in order, a few at a time.
 *
 * Late requests are refused, but a late webhook must not be lost.
 */
import assert from 'node:assert/strict';
import type {IncomingMessage, RequestListener, ServerResponse} from 'node:http';
import {connect, type Socket} from 'node:net';
import {text as readText} from 'node:stream/consumers';
import {test} from 'node:test';
import {pino} from 'pino';
import twilio from 'twilio';
import {systemClock} from '../../src/clock.ts';
import {createClientErrorHandler} from '../../src/handlers/http/raw-socket-responses.ts';
import {HttpListener} from '../../src/transport/http-listener.ts';
import {MAX_UNDER_WAY, MAX_WAITING} from '../../src/transport/pipeline-queue.ts';
import {freePort} from '../support/gateway/free-port.ts';
import {startGateway} from '../support/gateway/gateway.ts';
import {someCallSid, statusFields} from '../support/twilio/signed-webhook.ts';
import {until} from '../support/until.ts';

const logger = pino({level: 'silent'});
const BRIEF = {headersMs: 250, requestMs: 500};

interface Bench extends AsyncDisposable {
  /** A new connection on which nothing has been sent. */
  open(): Promise<Socket>;
  readonly port: number;
}

async function listen(onRequest: RequestListener, arrival?: typeof BRIEF): Promise<Bench> {
  const port = await freePort();
  const listener = new HttpListener({
    onRequest,
    onUpgrade: (_request, socket) => socket.end('upgraded'),
    onClientError: createClientErrorHandler(logger),
    clock: systemClock,
    logger,
    ...(arrival === undefined ? {} : {arrival}),
  });
  await listener.listen({host: '127.0.0.1', port});
  return {
    port,
    open: async () => {
      const socket = connect(port, '127.0.0.1')
        .setNoDelay(true)
        .on('error', () => {});
      await new Promise((resolve) => socket.once('connect', resolve));
      return socket;
    },
    [Symbol.asyncDispose]: () => listener.close(0),
  };
}

function get(path: string, ...headers: readonly string[]): string {
  return ['GET /', path, ' HTTP/1.1\r\nHost: x\r\n', ...headers.map((each) => `${each}\r\n`), '\r\n'].join(
    '',
  );
}

/** The received bodies and statuses, in order. */
function responsesIn(received: string): string[] {
  return [...received.matchAll(/HTTP\/1\.1 (\d+) [^\r]*\r\n.*?\r\n\r\n([^H]*)/gs)].map(
    ([, status = '', body = '']) => `${status} ${body}`,
  );
}

test('hundreds of pipelined requests are all answered in order, sixteen at a time', async () => {
  const open: ServerResponse[] = [];
  let begun = 0;
  let most = 0;
  await using bench = await listen((request, response) => {
    begun += 1;
    open.push(response);
    most = Math.max(most, open.length);
    response.once('close', () => open.splice(open.indexOf(response), 1));
    // The second request ends before the first. The queue continues, and the responses stay in order.
    if (begun > MAX_UNDER_WAY) response.end(request.url);
  });
  const socket = await bench.open();
  const paths = Array.from({length: 300}, (_, index) => `${index}`);
  socket.end([...paths.map((path) => get(path)), get('300', 'Connection: close')].join(''));
  const received = readText(socket);
  await until(() => begun === MAX_UNDER_WAY);
  for (const response of open.toReversed()) response.end(response.req.url);
  const expected = [...paths, '300'].map((path) => `200 /${path}`);
  assert.deepEqual(responsesIn(await received), expected);
  assert.equal(most, MAX_UNDER_WAY);
});

test('between a few responses and the next few, every other connection gets a turn', async () => {
  let begun = 0;
  let inThisTurn = 0;
  let most = 0;
  await using bench = await listen((_request, response) => {
    begun += 1;
    inThisTurn += 1;
    most = Math.max(most, inThisTurn);
    if (inThisTurn === 1)
      setImmediate(() => {
        inThisTurn = 0;
      });
    response.end();
  });
  const socket = await bench.open();
  socket.resume().write(get('').repeat(500));
  await until(() => begun === 500);
  // A turn in which the last responses end may start further requests.
  assert.ok(most <= 2 * MAX_UNDER_WAY, `${most} in one turn`);
  socket.destroy();
});

test('a client that does not read is not read from: the queue is bounded, and thousands of requests end the connection', async () => {
  let begun = 0;
  await using bench = await listen(() => {
    begun += 1;
  });
  const patient = await bench.open();
  const endless = await bench.open();
  patient.write(get('').repeat(MAX_WAITING));
  await until(() => begun === MAX_UNDER_WAY);
  // Ten megabytes after them stay in the kernel and at the sender.
  const filler = get('', `X: ${'x'.repeat(10_000)}`).repeat(1000);
  patient.write(filler);
  endless.write('GET / HTTP/1.1\r\nHost:\r\n\r\n'.repeat(MAX_WAITING + MAX_UNDER_WAY + 1));
  await new Promise((resolve) => endless.once('close', resolve));
  assert.equal(begun, 2 * MAX_UNDER_WAY);
  assert.equal(patient.destroyed, false);
  assert.ok(patient.writableLength > filler.length / 2, `${patient.writableLength} bytes are left`);
  patient.destroy();
});

test('[H6] garbage after requests in progress is answered after them', async () => {
  const open: ServerResponse[] = [];
  await using bench = await listen((_request, response) => void open.push(response));
  const socket = await bench.open();
  socket.write(`${get('a')}${get('b')}rubbish\r\n\r\n`);
  const received = readText(socket);
  await until(() => open.length === 2);
  for (const response of open.toReversed()) response.end(response.req.url);
  assert.match(
    await received,
    /^HTTP\/1\.1 200.*\/a.*HTTP\/1\.1 200.*\/b.*HTTP\/1\.1 400.*"code":"invalid_request"/s,
  );
});

test('an upgrade after a request in progress waits for its response', async () => {
  const open: ServerResponse[] = [];
  await using bench = await listen((_request, response) => void open.push(response));
  const socket = await bench.open();
  socket.write(get('a') + get('ws', 'Connection: Upgrade', 'Upgrade: websocket'));
  const received = readText(socket);
  await until(() => open.length === 1);
  open[0]?.end('first');
  assert.match(await received, /first.*upgraded$/s);
});

const webhook =
  'POST /twilio/status HTTP/1.1\r\nHost: x\r\nX-Twilio-Signature: x\r\nContent-Length: 10\r\n\r\n';

test('[H5] a webhook with a late body is 503, so that Twilio retries it, and other requests are 408', async () => {
  await using bench = await listen((request) => void request.resume(), BRIEF);
  const sent = async (text: string) => {
    const socket = await bench.open();
    socket.write(text);
    return (await readText(socket)).slice(0, 12);
  };
  const unsigned = webhook.replace('X-Twilio-Signature: x\r\n', '');
  const [signed, other, headers] = await Promise.all([
    sent(`${webhook}Call`),
    sent(`${unsigned}Call`),
    sent('GET / HTTP/1.1\r\n'),
  ]);
  assert.deepEqual([signed, other, headers], ['HTTP/1.1 503', 'HTTP/1.1 408', 'HTTP/1.1 408']);
});

test('[H5] [H6] a late request is answered after the requests before it', async () => {
  const open: ServerResponse[] = [];
  await using bench = await listen((_request, response) => void open.push(response), BRIEF);
  const socket = await bench.open();
  socket.write(`${get('a')}${webhook}Call`);
  const received = readText(socket);
  await until(() => open.length === 2);
  let late = false;
  const other = await bench.open();
  other.once('close', () => {
    late = true;
  });
  other.resume().write(`${webhook}Call`);
  await until(() => late);
  open[0]?.end('first');
  assert.match(await received, /first.*HTTP\/1\.1 503 /s);
});

/** Blocks this process, as SIGSTOP does. Afterwards timers run before any input is read. */
async function stall(ms: number, begin: () => void): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  begin();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

test('[H5] input that arrived while the process was blocked counts as in time', async () => {
  const begun: IncomingMessage[] = [];
  await using bench = await listen((request, response) => {
    begun.push(request);
    request.resume().once('end', () => response.end('taken'));
  }, BRIEF);
  const silent = await bench.open();
  const half = await bench.open();
  half.write(`${webhook}Call`);
  await until(() => begun.length === 1);
  const received = [readText(silent), readText(half)];
  await stall(2 * BRIEF.requestMs, () => {
    silent.write(`${webhook}0123456789`);
    half.write('012345');
  });
  await until(() => begun.length === 2 && begun.every(({complete}) => complete));
  silent.end();
  half.end();
  for (const answer of await Promise.all(received)) assert.match(answer, /^HTTP\/1\.1 200 .*taken$/s);
});

test('[H5] a signed webhook among hundreds of pipelined requests is accepted', async () => {
  await using gateway = await startGateway();
  const fields = statusFields(gateway, {CallSid: someCallSid(1), CallStatus: 'ringing'});
  const body = String(new URLSearchParams(fields));
  const signature = twilio.getExpectedTwilioSignature(
    gateway.simulator.authToken,
    `${gateway.environment.publicUrl}/twilio/status`,
    fields,
  );
  const signed = `POST /twilio/status HTTP/1.1\r\nHost: x\r\nX-Twilio-Signature: ${signature}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const socket = connect(gateway.environment.port, '127.0.0.1').on('error', () => {});
  socket.write(
    get('healthz').repeat(200) + signed + get('healthz').repeat(199) + get('healthz', 'Connection: close'),
  );
  const received = await readText(socket);
  const statuses = [...received.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
  assert.deepEqual(statuses, [...Array(200).fill('200'), '204', ...Array(200).fill('200')]);
});
