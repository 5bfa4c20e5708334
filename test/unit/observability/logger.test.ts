import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {createLogger, type Logger} from '../../../src/observability/logger.ts';

const NUMBER = '+14155550199';
const TOKEN = 'c4n4ry-t0ken-0f1e2d3c4b5a6978';
const KEY = 'c4n4ry~key/with+odd="chars';
const SIGNATURE = 'RSOYDt4T1cUTdK1PDd93/VVr8B8=';
const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJlLWNhbmFyeQ';
const canaries = [
  /4155550199/,
  /415.{0,3}555.{0,3}0199/,
  /c4n4ry/,
  /t0ken-0f1e/,
  /RSOYDt4T1cUT/,
  /c2lnbmF0dXJlLWNhbmFyeQ/,
  /QUMwMTIzOnNlY3JldHNlY3JldA/,
];

function record(options: {pretty?: boolean; secrets?: readonly string[]; level?: 'trace' | 'info'} = {}) {
  const lines: string[] = [];
  const logger = createLogger({
    level: options.level ?? 'trace',
    destination: {write: (line: string) => lines.push(line)},
    ...options,
  });
  return {logger, lines};
}

function lineOf(log: (logger: Logger) => void): Record<string, unknown> {
  const {logger, lines} = record();
  log(logger);
  assert.equal(lines.length, 1);
  return JSON.parse(lines[0] ?? '');
}

const cause = new Error(`refused ${NUMBER}`, {cause: new TypeError(`Authorization: Bearer ${TOKEN}`)});

/** Ways in which numbers and tokens reach a log by accident. */
const leaks: Readonly<Record<string, (logger: Logger) => void>> = {
  'in the message': (logger) => logger.info(`calling ${NUMBER} with Bearer ${TOKEN}`),
  'as an argument of the message': (logger) =>
    logger.info('calling %s %j', NUMBER, {to: NUMBER, token: TOKEN}),
  'under known keys': (logger) =>
    logger.info({
      from: NUMBER,
      To: NUMBER,
      caller: NUMBER.slice(1),
      Called: 14_155_550_199,
      forwarded_from: '+1 (415) 555-0199',
    }),
  'under an unknown key': (logger) => logger.info({whatever: NUMBER, list: [`x ${NUMBER}`]}),
  'as a key': (logger) => logger.info({calls: {[NUMBER]: 1}}),
  'deep inside': (logger) =>
    logger.info({a: [{b: {c: [{d: {headers: {AUTHORIZATION: `Bearer ${TOKEN}`}}}]}}]}),
  'as request headers': (logger) =>
    logger.info({
      headers: {
        authorization: `Bearer ${TOKEN}`,
        'sec-websocket-protocol': `hookswitch.v1, hookswitch.bearer.${TOKEN}`,
        cookie: `session=${TOKEN}; x=${TOKEN}`,
        'set-cookie': [`session=${TOKEN}`],
        'x-twilio-signature': SIGNATURE,
        'Proxy-Authorization': 'Basic QUMwMTIzOnNlY3JldHNlY3JldA==',
      },
    }),
  'as raw headers': (logger) =>
    logger.info({
      rawHeaders: ['Host', 'x', 'Authorization', TOKEN, 'X-Twilio-Signature', SIGNATURE, 'Cookie', TOKEN],
    }),
  'as headers in text': (logger) =>
    logger.info(
      `GET / HTTP/1.1\r\nAuthorization: ${TOKEN}\r\nCookie: a=1; b=${TOKEN}\r\nSec-WebSocket-Protocol: hookswitch.v1, ${TOKEN}\r\nX-Twilio-Signature: ${SIGNATURE}`,
    ),
  'as JSON in text': (logger) =>
    logger.info(
      `got ${JSON.stringify({authToken: TOKEN, from: NUMBER, nested: JSON.stringify({password: TOKEN})})}`,
    ),
  'in a URL': (logger) =>
    logger.info({url: `/x?To=%2B14155550199&from=14155550199&access_token=${TOKEN}&token=${TOKEN}`}),
  'as a subprotocol': (logger) => logger.info(`protocols hookswitch.v1,hookswitch.bearer.${TOKEN}`),
  'as a signature': (logger) =>
    logger.info({header: SIGNATURE, text: `expected ${SIGNATURE}, got "${SIGNATURE}"`}),
  'as a JWT': (logger) => logger.info({sub: 'alice', raw: JWT}, `token ${JWT}`),
  'as basic authentication': (logger) => logger.info('sent Basic QUMwMTIzOnNlY3JldHNlY3JldA== to Twilio'),
  'in an error': (logger) => logger.error({err: cause}, 'failed'),
  'as an error': (logger) => logger.error(cause),
  'in an error under another key': (logger) => logger.error({error: cause, cause}, 'failed'),
  'in a collection of errors': (logger) =>
    logger.error(new AggregateError([cause, new Error(NUMBER)], NUMBER)),
  'in the fields of an error': (logger) =>
    logger.error(
      Object.assign(new Error('no'), {
        context: {to: NUMBER, token: TOKEN},
        config: {auth: {password: TOKEN}},
        request: TOKEN,
      }),
    ),
  'in the bindings of a child': (logger) =>
    logger.child({from: NUMBER, token: TOKEN}).child({note: NUMBER}).info('x'),
  'in the prefix of a child': (logger) => logger.child({}, {msgPrefix: `[${NUMBER}] `}).info('x'),
  'under a list of tokens': (logger) => logger.info({authTokens: [TOKEN, TOKEN], credentials: {user: TOKEN}}),
  'in the parameters of a webhook': (logger) =>
    logger.info({
      parameters: {From: NUMBER, Caller: NUMBER, CallToken: TOKEN, SipHeader: `<sip:${NUMBER}@x>`},
    }),
  'from an object that writes itself': (logger) =>
    logger.info({o: {toJSON: () => ({deep: {secret: TOKEN, n: NUMBER}})}}),
};

for (const [name, log] of Object.entries(leaks)) {
  test(`[E] no number and no secret appears ${name}`, () => {
    for (const pretty of [false, true]) {
      const {logger, lines} = record({pretty});
      log(logger);
      assert.ok(lines.length > 0);
      for (const canary of canaries) assert.doesNotMatch(lines.join(''), canary);
      assert.match(lines.join(''), /•••/);
      if (!pretty) for (const line of lines) assert.doesNotThrow(() => JSON.parse(line));
    }
  });
}

test('[E] values known to be secret appear nowhere, in any form', () => {
  const {logger, lines} = record({secrets: [TOKEN, KEY, '']});
  logger.info(
    `this is ${TOKEN}, this ${KEY}, this ${encodeURIComponent(KEY)}, and this ${JSON.stringify({k: KEY})}`,
  );
  logger.info({[KEY]: {deep: [`x${TOKEN}x`]}}, 'x');
  logger.error(new Error(KEY));
  logger.child({KEY}).info('x');
  assert.doesNotMatch(lines.join(''), /c4n4ry/);
  assert.equal(lines.length, 4);
});

test('[E] a known secret is masked in a line that looks harmless', () => {
  const {logger, lines} = record({secrets: ['hunter22']});
  logger.info('x hunter22 y');
  assert.match(lines.join(''), /"msg":"x ••• y"/);
});

test('[E] 1000 generated objects that contain a canary never show it', () => {
  const canary = fc.constantFrom(NUMBER, `Bearer ${TOKEN}`, `hookswitch.bearer.${TOKEN}`, SIGNATURE, JWT);
  const embedded = fc
    .tuple(fc.string({maxLength: 5}), canary, fc.constantFrom('', ' ', '\n', '"', ',', ';'))
    .map(
      // A letter or digit directly before the canary would make it part of another token.
      ([before, text, behind]) => `${before} ${text}${behind}`,
    );
  const {logger, lines} = record();
  fc.assert(
    fc.property(
      fc.object({values: [embedded, fc.string(), fc.integer()], maxDepth: 3}),
      embedded,
      (object, text) => {
        lines.length = 0;
        logger.info(object, text);
        logger.child({object}).error(new Error(text));
        for (const pattern of canaries) assert.doesNotMatch(lines.join(''), pattern);
      },
    ),
    {numRuns: 1000},
  );
});

test('[E] log lines are JSON with an ISO time, a level name, a message and the fields unchanged', () => {
  const {time, ...line} = lineOf((logger) =>
    logger.warn(
      {callSid: 'CA1', offset: 7, status: 'ringing', nothing: null, ok: true, from: 3},
      'call changed',
    ),
  );
  assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual(line, {
    level: 'warn',
    callSid: 'CA1',
    offset: 7,
    status: 'ringing',
    nothing: null,
    ok: true,
    from: 3,
    msg: 'call changed',
  });
});

test('[E] masked numbers keep their recognizable digits', () => {
  const line = lineOf((logger) =>
    logger.info({from: NUMBER, to: 'client:alice', phoneNumber: '+1415•••1234'}, NUMBER),
  );
  assert.deepEqual(
    [line['from'], line['to'], line['phoneNumber'], line['msg']],
    ['+1415•••0199', 'client:al•••', '+1415•••1234', '+1415•••0199'],
  );
});

test('[E] an error logs its name, code, context, stack and causes, and nothing else', () => {
  const error = Object.assign(new TypeError('no', {cause: new Error('deeper')}), {
    code: 20404,
    status: 404,
    context: {callSid: 'CA1'},
    request: {headers: {host: 'x'}},
  });
  const {err} = lineOf((logger) => logger.error(error)) as {
    err: Record<string, unknown> & {cause: {message: string}};
  };
  assert.deepEqual(
    [err['type'], err['message'], err['code'], err['status'], err['context'], err['cause'].message],
    ['TypeError', 'no', 20404, 404, {callSid: 'CA1'}, 'deeper'],
  );
  assert.match(String(err['stack']), /logger\.test\.ts/);
  assert.equal('request' in err, false);
  const circular = new Error('round');
  circular.cause = circular;
  assert.doesNotThrow(() => lineOf((logger) => logger.error(circular)));
});

test('[E] the log level is respected', () => {
  const {logger, lines} = record({level: 'info'});
  logger.debug('quiet');
  logger.info('heard');
  assert.equal(lines.length, 1);
});

test('[E] readable lines contain the message and the fields', () => {
  const {logger, lines} = record({pretty: true});
  logger.info({offset: 7}, 'call changed');
  assert.match(lines.join(''), /INFO.*: call changed\n\s+offset: 7/);
});

test('[E] log text from outside cannot control the terminal', () => {
  const {logger, lines} = record({pretty: true});
  logger.info({name: '\u001b[2Jx\u009b1A'}, '\u001b]0;title\u0007 \u009b2J and \\u001b');
  assert.doesNotMatch(lines.join('').replaceAll(/[\n\t]/g, ''), /\p{Cc}/u);
  assert.match(lines.join(''), /title/);
});
