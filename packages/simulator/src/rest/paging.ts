import {badRequest} from './api-error.ts';

const DEFAULT_PAGE_SIZE = 50;
const MAX_PAGE_SIZE = 1000;

export interface PageOptions<T> {
  /** Key of the array, such as `calls`. */
  readonly key: string;
  readonly items: readonly T[];
  /** The list that `items` was filtered from, in the same order. A token stays good for an item that has left the filter. */
  readonly all?: readonly T[];
  readonly sidOf: (item: T) => string;
  readonly render: (item: T) => Record<string, unknown>;
  /** Path of the list, without query. */
  readonly path: string;
  /** The query as it was asked: its filters are echoed in the uris of the pages. */
  readonly query: URLSearchParams;
}

/**
 * One page of a list with relative uris to its neighbours. The token of the next page names the last item of this
 * one, so that what is created meanwhile shifts nothing.
 */
export function page<T>({
  key,
  items,
  all = items,
  sidOf,
  render,
  path,
  query,
}: PageOptions<T>): Record<string, unknown> {
  const size = pageSize(query.get('PageSize'));
  const number = Math.max(0, Number(query.get('Page') ?? 0) || 0);
  const start = startOf({items, all, sidOf}, query.get('PageToken'), number * size);
  const shown = items.slice(start, start + size);
  const last = shown.at(-1);
  const hasMore = start + size < items.length && last !== undefined;
  const uri = (target: number, token?: string) => pageUri(path, query, {size, number: target, token});
  const firstShown = items[Math.max(0, start - size - 1)];
  return {
    [key]: shown.map(render),
    first_page_uri: uri(0),
    next_page_uri: hasMore ? uri(number + 1, `PA${sidOf(last)}`) : null,
    previous_page_uri:
      start === 0 || firstShown === undefined
        ? null
        : uri(Math.max(0, number - 1), start - size > 0 ? `PA${sidOf(firstShown)}` : undefined),
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

function startOf<T>(
  {items, all, sidOf}: Required<Pick<PageOptions<T>, 'items' | 'all' | 'sidOf'>>,
  token: string | null,
  fallback: number,
): number {
  if (token === null || token === '') return Math.min(fallback, items.length);
  const index = all.findIndex((item) => `PA${sidOf(item)}` === token);
  if (index === -1) throw badRequest(20001, `Invalid PageToken: ${token}`);
  const before = new Set(all.slice(0, index + 1));
  return items.filter((item) => before.has(item)).length;
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
