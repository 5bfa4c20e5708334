import {badRequest} from './api-error.ts';

const DEFAULT_PAGE_SIZE = 50;
const MAX_PAGE_SIZE = 1000;

export interface PageOptions<T extends {readonly sid: string}> {
  /** The key of the array, such as `calls`. */
  readonly key: string;
  /** The items that match the filters, in the order of the list. */
  readonly items: readonly T[];
  /** The unfiltered list, in the same order. @default items */
  readonly all?: readonly T[];
  readonly render: (item: T) => Record<string, unknown>;
  /** The path of the list, without a query. */
  readonly path: string;
  /** The query of the request. Its filters are part of the page uris. */
  readonly query: URLSearchParams;
}

/**
 * Returns one page of a list with relative uris of its neighbors. The token of the next page is the last item
 * of this page, so that new items do not shift the pages. If that item leaves the list, such as an ended call
 * in a list of calls in progress, the next page starts at its former position.
 */
export function page<T extends {readonly sid: string}>(options: PageOptions<T>): Record<string, unknown> {
  const {key, items, all = items, render, path, query} = options;
  const size = pageSize(query.get('PageSize'));
  const number = Math.max(0, Number(query.get('Page') ?? 0) || 0);
  const start = startOf(items, all, {token: query.get('PageToken'), fallback: number * size});
  const shown = items.slice(start, start + size);
  const last = shown.at(-1);
  const hasMore = start + size < items.length && last !== undefined;
  const uri = (target: number, token?: string) => pageUri(path, query, {size, number: target, token});
  const firstShown = items[Math.max(0, start - size - 1)];
  return {
    [key]: shown.map(render),
    first_page_uri: uri(0),
    next_page_uri: hasMore ? uri(number + 1, `PA${last.sid}`) : null,
    previous_page_uri:
      start === 0 || firstShown === undefined
        ? null
        : uri(Math.max(0, number - 1), start - size > 0 ? `PA${firstShown.sid}` : undefined),
    uri: query.size === 0 ? uri(number) : `${path}?${query.toString()}`,
    page: number,
    page_size: size,
    start,
    end: Math.max(start, start + shown.length - 1),
  };
}

function pageSize(text: string | null): number {
  if (text === null || text === '') return DEFAULT_PAGE_SIZE;
  if (!/^\d+$/.test(text) || Number(text) < 1) throw badRequest(20001, `Invalid PageSize: ${text}`);
  return Math.min(Number(text), MAX_PAGE_SIZE);
}

function startOf<T extends {readonly sid: string}>(
  items: readonly T[],
  all: readonly T[],
  {token, fallback}: {readonly token: string | null; readonly fallback: number},
): number {
  if (token === null || token === '') return Math.min(fallback, items.length);
  const isLast = ({sid}: T) => `PA${sid}` === token;
  const index = items.findIndex(isLast);
  if (index !== -1) return index + 1;
  const position = all.findIndex(isLast);
  if (position === -1) throw badRequest(20001, `Invalid PageToken: ${token}`);
  const later = new Set(all.slice(position + 1));
  const start = items.findIndex((item) => later.has(item));
  return start === -1 ? items.length : start;
}

function pageUri(
  path: string,
  asked: URLSearchParams,
  {size, number, token}: {size: number; number: number; token: string | undefined},
): string {
  const query = new URLSearchParams(asked);
  query.delete('PageToken');
  query.set('PageSize', String(size));
  query.set('Page', String(number));
  if (token !== undefined) query.set('PageToken', token);
  return `${path}?${query.toString()}`;
}
