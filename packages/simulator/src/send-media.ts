import type {IncomingMessage, ServerResponse} from 'node:http';
import {Readable} from 'node:stream';
import {pipeline} from 'node:stream/promises';
import parseRange from 'range-parser';
import {type Media, readMedia} from './audio/media.ts';

export interface MediaReply {
  readonly media: Media;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Sends a file, or the part that a Range header requests. A request for several parts gets the whole file.
 */
export function sendMedia(
  request: IncomingMessage,
  response: ServerResponse,
  {media, headers}: MediaReply,
): void {
  const {size, contentType} = media;
  const common = {...headers, 'Content-Type': contentType, 'Accept-Ranges': 'bytes'};
  const ranges = rangesOf(request, size);
  if (ranges === 'unsatisfiable') {
    const {'Content-Type': _, ...rest} = common;
    response.writeHead(416, {...rest, 'Content-Range': `bytes */${size}`, 'Content-Length': '0'}).end();
    return;
  }
  const {start, end} = ranges ?? {start: 0, end: size - 1};
  response.writeHead(ranges === null ? 200 : 206, {
    ...common,
    'Content-Length': String(end - start + 1),
    ...(ranges === null ? {} : {'Content-Range': `bytes ${start}-${end}/${size}`}),
  });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  // A player that stops in the middle closes the connection. This is not an error.
  pipeline(Readable.from(readMedia(media, start, end)), response).catch(() => {});
}

function rangesOf({headers, method}: IncomingMessage, size: number) {
  // Range applies only to GET (RFC 9110, 14.2). An If-Range never matches, because files have no ETag.
  if (headers.range === undefined || headers['if-range'] !== undefined || method !== 'GET') return null;
  const ranges = parseRange(size, headers.range);
  if (ranges === -1) return 'unsatisfiable';
  // An invalid Range is ignored (RFC 9110, 14.2).
  if (ranges === -2 || ranges.type !== 'bytes' || ranges.length !== 1) return null;
  return ranges[0] ?? null;
}
