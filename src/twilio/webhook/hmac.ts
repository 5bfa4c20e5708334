/**
 * HMAC-SHA1 (RFC 2104) from two one-shot digests. `createHmac` looks up its algorithm on each call. In a
 * server with cold caches that was half of the time to verify a webhook.
 */
import {hash} from 'node:crypto';

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 20;
/** Cached secrets: two tokens during a rotation. A simulator may have more, at a cost. */
const MAX_KEYS = 8;
/** Larger than a webhook with its URL. A longer message gets its own buffer. */
const MESSAGE_BYTES = 40_000;

interface Key {
  readonly inner: Buffer;
  /** The outer block, followed by space for the inner digest. */
  readonly outer: Buffer;
}

const keys = new Map<string, Key>();
const shared = Buffer.alloc(BLOCK_BYTES + MESSAGE_BYTES);

/** The 20 bytes of the HMAC of `content`, both as UTF-8. */
export function hmacSha1(secret: string, content: string): Buffer {
  const {inner, outer} = keyOf(secret);
  // At most three bytes per UTF-16 unit. Counting them exactly would take as long as writing them.
  const isShort = content.length * 3 <= MESSAGE_BYTES;
  const message = isShort ? shared : Buffer.alloc(BLOCK_BYTES + Buffer.byteLength(content));
  inner.copy(message);
  const length = BLOCK_BYTES + message.write(content, BLOCK_BYTES, 'utf8');
  hash('sha1', message.subarray(0, length), 'buffer').copy(outer, BLOCK_BYTES);
  return hash('sha1', outer, 'buffer');
}

function keyOf(secret: string): Key {
  const known = keys.get(secret);
  if (known !== undefined) return known;
  const bytes = Buffer.from(secret);
  const key = bytes.length > BLOCK_BYTES ? hash('sha1', bytes, 'buffer') : bytes;
  const inner = Buffer.alloc(BLOCK_BYTES, 0x36);
  const outer = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES, 0x5c);
  for (const [index, byte] of key.entries()) {
    inner[index] = byte ^ 0x36;
    outer[index] = byte ^ 0x5c;
  }
  if (keys.size >= MAX_KEYS) keys.clear();
  const pads = {inner, outer};
  keys.set(secret, pads);
  return pads;
}
