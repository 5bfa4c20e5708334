/** Writes an animated WebP from still ones: the container only, https://developers.google.com/speed/webp/docs/riff_container. */

export interface WebpFrame {
  /** A still WebP, lossy or lossless, without alpha. */
  readonly image: Buffer;
  /** Its place on the canvas, pixels; both even. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly durationMs: number;
}

export interface WebpAnimation {
  readonly width: number;
  readonly height: number;
  readonly frames: readonly WebpFrame[];
}

const ANIMATION_FLAG = 0x02;
/** The frame replaces the pixels below it and stays: each frame holds only what has changed. */
const NO_BLENDING = 0x02;
const HEADER_BYTES = 8;

/** Plays for ever. @throws when a frame's image holds no image data */
export function animatedWebp({width, height, frames}: WebpAnimation): Buffer {
  const canvas = Buffer.concat([
    Buffer.from([ANIMATION_FLAG, 0, 0, 0]),
    uint24(width - 1),
    uint24(height - 1),
  ]);
  const background = Buffer.from([255, 255, 255, 255]);
  const loops = Buffer.from([0, 0]);
  const body = Buffer.concat([
    Buffer.from('WEBP'),
    chunk('VP8X', canvas),
    chunk('ANIM', Buffer.concat([background, loops])),
    ...frames.map((frame) => chunk('ANMF', frameBody(frame))),
  ]);
  return chunk('RIFF', body);
}

function frameBody({image, x, y, width, height, durationMs}: WebpFrame): Buffer {
  return Buffer.concat([
    uint24(x / 2),
    uint24(y / 2),
    uint24(width - 1),
    uint24(height - 1),
    uint24(Math.round(durationMs)),
    Buffer.from([NO_BLENDING]),
    imageData(image),
  ]);
}

/** The chunk with the pixels, header included. */
function imageData(webp: Buffer): Buffer {
  for (let at = 12; at < webp.length; ) {
    const end = at + HEADER_BYTES + padded(webp.readUInt32LE(at + 4));
    if (/^VP8[ L]$/.test(webp.toString('latin1', at, at + 4))) return webp.subarray(at, end);
    at = end;
  }
  throw new Error('The frame is no WebP with a VP8 or VP8L chunk.');
}

function chunk(name: string, data: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(name, 'latin1');
  header.writeUInt32LE(data.length, 4);
  return Buffer.concat([header, data, Buffer.alloc(padded(data.length) - data.length)]);
}

/** Chunks begin at even addresses. */
function padded(length: number): number {
  return length + (length % 2);
}

function uint24(value: number): Buffer {
  const bytes = Buffer.alloc(3);
  bytes.writeUIntLE(value, 0, 3);
  return bytes;
}
