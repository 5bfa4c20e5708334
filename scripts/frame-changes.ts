/** Finds what changes from one screenshot to the next, and encodes only that, in the browser that took them. */
import type {Page} from 'playwright-core';
import type {WebpFrame} from './animated-webp.ts';

export interface Still {
  readonly png: Buffer;
  /** Monotonic, milliseconds. */
  readonly takenAt: number;
}

export interface ChangesOptions {
  /** A picture in which nothing changes is shown for at most so long. */
  readonly longestStillMs: number;
  /** Of the whole; beyond, everything is played faster. */
  readonly longestMs: number;
  /** The last picture is shown for so long. */
  readonly lastMs: number;
}

interface Change {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** A lossless WebP. */
  readonly base64: string;
}

/**
 * Compares each screenshot with the one before. The rectangle around all differences is cut out; it begins at even pixels, as
 * an animated WebP wants it.
 */
const CHANGES = `(() => {
  let before;
  return async (png) => {
    const bitmap = await createImageBitmap(await (await fetch('data:image/png;base64,' + png)).blob());
    const {width, height} = bitmap;
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext('2d', {alpha: false});
    context.drawImage(bitmap, 0, 0);
    const now = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
    let [left, top, right, bottom] = before === undefined ? [0, 0, width, height] : [width, height, 0, 0];
    for (let at = 0; before !== undefined && at < now.length; at += 1) {
      if (now[at] === before[at]) continue;
      const x = at % width;
      const y = (at - x) / width;
      left = Math.min(left, x - x % 2);
      top = Math.min(top, y - y % 2);
      right = Math.max(right, x + 1);
      bottom = Math.max(bottom, y + 1);
    }
    before = now;
    if (right <= left) return undefined;
    const cut = new OffscreenCanvas(right - left, bottom - top);
    cut.getContext('2d', {alpha: false}).drawImage(canvas, -left, -top);
    const blob = await cut.convertToBlob({type: 'image/webp', quality: 1});
    const bytes = new Uint8Array(await blob.arrayBuffer());
    return {x: left, y: top, width: cut.width, height: cut.height, base64: bytes.toBase64()};
  };
})()`;

/** Frames for an animation; a screenshot that equals the one before only makes that one last. */
export async function encodeChanges(
  page: Page,
  stills: readonly Still[],
  {longestStillMs, longestMs, lastMs}: ChangesOptions,
): Promise<readonly WebpFrame[]> {
  await page.evaluate(`globalThis.changesIn = ${CHANGES}; undefined`);
  const changes: {readonly change: Change; readonly takenAt: number}[] = [];
  for (const {png, takenAt} of stills) {
    const change = await page.evaluate<Change | undefined>(`changesIn('${png.toString('base64')}')`);
    if (change !== undefined) changes.push({change, takenAt});
  }
  const times = changes.map(({takenAt}, index) => {
    const next = changes[index + 1]?.takenAt;
    return next === undefined ? lastMs : Math.min(next - takenAt, longestStillMs);
  });
  const faster = Math.max(1, times.reduce((sum, ms) => sum + ms, 0) / longestMs);
  return changes.map(({change: {base64, ...place}}, index) => ({
    ...place,
    image: Buffer.from(base64, 'base64'),
    durationMs: (times[index] ?? lastMs) / faster,
  }));
}
