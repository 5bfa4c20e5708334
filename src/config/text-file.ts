/** Reads text files as UTF-8. For other encodings, returns a fault that names the encoding. */
import {readFileSync} from 'node:fs';
import {Refusal} from './parsing.ts';

const UTF8_REMEDY =
  'Save it as UTF-8. In PowerShell, write it with Set-Content -Encoding utf8, because > and Out-File may write UTF-16.';

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  EISDIR: 'it is a directory',
  EACCES: 'this user may not read it',
  EPERM: 'this user may not read it',
};

const remedies: Readonly<Record<string, string>> = {
  EISDIR: 'Remove it, or make it a file. Docker creates a directory if the file to mount does not exist.',
  EACCES: 'Allow the user that runs Hookswitch to read it.',
  EPERM: 'Allow the user that runs Hookswitch to read it.',
};

/** The text without its byte order mark, or the reason why it cannot be read. */
export function readTextFile(path: string): string | Refusal {
  try {
    return decode(readFileSync(path));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    const reason = reasons[code];
    return new Refusal(
      reason === undefined ? `cannot be read (${code})` : `cannot be read: ${reason} (${code})`,
      remedies[code] ?? 'Make it a readable file, or remove it.',
    );
  }
}

function decode(bytes: Buffer): string | Refusal {
  const encoding = otherEncoding(bytes);
  if (encoding !== undefined) return new Refusal(`is ${encoding}, not UTF-8`, UTF8_REMEDY);
  const zero = bytes.indexOf(0);
  if (zero !== -1)
    return new Refusal(
      `has a NUL byte in line ${lineAt(bytes, zero)}`,
      'Write the file again, as plain text.',
    );
  try {
    return new TextDecoder('utf-8', {fatal: true}).decode(bytes);
  } catch {
    return new Refusal(
      `is not UTF-8: line ${firstBadLine(bytes)} is in another encoding, such as Latin-1 or Windows-1252`,
      UTF8_REMEDY,
    );
  }
}

/** Detects UTF-16 and UTF-32 by the byte order mark, or UTF-16 by its many zero bytes in plain text. */
function otherEncoding(bytes: Buffer): string | undefined {
  const mark = bytes.toString('hex', 0, 4);
  if (mark === 'fffe0000' || mark === '0000feff') return 'UTF-32';
  if (mark.startsWith('fffe') || mark.startsWith('feff')) return 'UTF-16';
  const zeros = [0, 0];
  for (const [at, byte] of bytes.subarray(0, 4096).entries())
    if (byte === 0) zeros[at % 2] = (zeros[at % 2] ?? 0) + 1;
  const units = Math.min(bytes.length, 4096) / 2;
  return zeros.some((count) => count > units * 0.7) ? 'UTF-16' : undefined;
}

function firstBadLine(bytes: Buffer): number {
  // Fatal decoding does not report the position. A line feed is never part of a longer character.
  let start = 0;
  for (let line = 1; ; line += 1) {
    const end = bytes.indexOf(10, start);
    const text = bytes.subarray(start, end === -1 ? undefined : end);
    if (text.toString('utf8').includes('\ufffd') || end === -1) return line;
    start = end + 1;
  }
}

function lineAt(bytes: Buffer, at: number): number {
  return bytes.subarray(0, at).filter((byte) => byte === 10).length + 1;
}
