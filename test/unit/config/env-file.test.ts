/** The reasons for which `.env` is refused, and the notices about lines without effect. */
import assert from 'node:assert/strict';
import {chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {after, test} from 'node:test';
import {EnvironmentError, loadEnvironment} from '../../../src/config/environment.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'hookswitch-env-file-'));
after(() => rmSync(directory, {recursive: true}));

const TEXT = [
  'TWILIO_ACCOUNT_SID=AC0123456789abcdef0123456789abcdef',
  'TWILIO_AUTH_TOKEN=0f1e2d3c4b5a69788796a5b4c3d2e1f0',
  'TWILIO_PHONE_NUMBER=+14155551234',
  'PUBLIC_URL=https://gateway.example.com',
].join('\n');

let files = 0;
function load(content: string | Buffer) {
  files += 1;
  const envFile = path.join(directory, `${files}.env`);
  writeFileSync(envFile, content);
  return loadEnvironment({env: {}, envFile});
}

/** The fault of the file itself. Missing variables are left out, because they follow from it. */
function faultOf(envFile: string): string {
  try {
    loadEnvironment({env: {}, envFile});
  } catch (error) {
    assert.ok(error instanceof EnvironmentError);
    const found = error.faults.find(({variable}) => variable === envFile);
    return `${found?.fault}. ${found?.remedy}`;
  }
  return 'none';
}

function faultOfContent(content: Buffer): string {
  files += 1;
  const envFile = path.join(directory, `${files}.env`);
  writeFileSync(envFile, content);
  return faultOf(envFile);
}

function utf16(text: string, bigEndian: boolean): Buffer {
  const bytes = Buffer.from(text, 'utf16le');
  return bigEndian ? bytes.swap16() : bytes;
}

test('[E] a .env in UTF-16, as PowerShell writes it, is reported as UTF-16, with or without a byte order mark', () => {
  for (const bigEndian of [false, true])
    for (const mark of ['\ufeff', ''])
      assert.match(faultOfContent(utf16(mark + TEXT, bigEndian)), /^is UTF-16, not UTF-8\. Save it as UTF-8/);
  // This text has no zero byte, so only the byte order mark shows that it is UTF-16.
  for (const bigEndian of [false, true])
    assert.match(faultOfContent(utf16('\ufeff設定', bigEndian)), /^is UTF-16/);
  assert.match(
    faultOfContent(Buffer.concat([Buffer.from('fffe0000', 'hex'), Buffer.alloc(4)])),
    /^is UTF-32/,
  );
});

test('[E] a .env in Latin-1 or with NUL bytes is refused, and the line is named', () => {
  assert.match(faultOfContent(Buffer.from(`${TEXT}\n# für\n`, 'latin1')), /^is not UTF-8: line 5 .+Latin-1/);
  assert.match(faultOfContent(Buffer.from(`${TEXT}\nNODE_ID=a\0b\n`)), /^has a NUL byte in line 5/);
});

test('[E] a .env that is a directory or unreadable is reported as such', () => {
  const folder = path.join(directory, 'folder.env');
  mkdirSync(folder);
  assert.match(faultOf(folder), /it is a directory \(EISDIR\)\. .+Docker creates a directory/);
  const locked = path.join(directory, 'locked.env');
  writeFileSync(locked, TEXT, {mode: 0});
  // The superuser can read every file.
  if (process.getuid?.() !== 0)
    assert.match(faultOf(locked), /this user may not read it \(EACCES\)\. Allow the user/);
  chmodSync(locked, 0o600);
});

test('[E] a byte order mark, all line endings, export, blanks around = and comments are accepted', () => {
  const lines = `\ufeff# ours\r\nexport PORT = 9000 # comment\r\nHOST='127.0.0.1'\rNODE_ID="a-1"\n${TEXT}`;
  const environment = load(lines);
  assert.deepEqual(
    [environment.port, environment.host, environment.nodeId, environment.notices],
    [9000, '127.0.0.1', 'a-1', []],
  );
});

test('[E] a line of .env without effect is reported by its number, not by its content', () => {
  const text = `${TEXT}\nPORT: 9000\n\n$env:PORT="9000"\nVOICE_TWIML="<Response>\n  <Say>a = b</Say>\n</Response>"\ncanary\nNODE_ID=a\nNODE_ID=b\n`;
  const {notices, nodeId, port} = load(text);
  assert.deepEqual([nodeId, port], ['b', 8081]);
  assert.deepEqual(
    notices.map((notice) => notice.replace(/^.*\.env /, '')),
    [
      'line 5 is not NAME=value, so it has no effect.',
      'line 7 is not NAME=value, so it has no effect.',
      'line 11 is not NAME=value, so it has no effect.',
      'sets NODE_ID in line 12 and again in line 13. The last one counts.',
    ],
  );
});

test('[E] a TwiML file in UTF-16 is reported as UTF-16', () => {
  const twiml = path.join(directory, 'voice.xml');
  writeFileSync(twiml, utf16('\ufeff<Response/>', false));
  assert.throws(
    () => load(`${TEXT}\nVOICE_TWIML=${twiml}\n`),
    /VOICE_TWIML names a file that is UTF-16, not UTF-8/,
  );
});
