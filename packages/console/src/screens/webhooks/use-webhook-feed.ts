/** The {@link WebhookFeed} of a filter. */
import {useEffect, useMemo, useRef, useSyncExternalStore} from 'react';
import {endpoints} from '../../api/endpoints.ts';
import {browser} from '../../api/use-resource.ts';
import {useApi} from '../../session/session-context.ts';
import {type FeedSnapshot, WebhookFeed} from './webhook-feed.ts';
import type {WebhookFilter} from './webhook-filter.ts';

const POLL_MS = 1500;
const PAGE = 100;

export interface UsedWebhookFeed {
  readonly feed: WebhookFeed;
  readonly snapshot: FeedSnapshot;
}

export function useWebhookFeed({text, outcome}: WebhookFilter, isPaused: boolean): UsedWebhookFeed {
  const api = useApi();
  const last = useRef<FeedSnapshot>(undefined);
  const feed = useMemo(() => {
    // Another filter: the old answer is shown until the new one is there.
    const kept = last.current?.state === 'ready' ? {initial: {...last.current, waiting: 0}} : {};
    return new WebhookFeed({
      load: (query, signal) =>
        api.get(
          endpoints.webhooks({
            ...query,
            q: text.trim(),
            limit: PAGE,
            ...(outcome !== undefined && {outcome}),
          }),
          signal,
        ),
      pollMs: POLL_MS,
      ports: browser,
      ...kept,
    });
  }, [api, text, outcome]);
  const snapshot = useSyncExternalStore(feed.subscribe, feed.getSnapshot);
  useEffect(() => {
    last.current = snapshot;
  }, [snapshot]);
  useEffect(() => feed.setPaused(isPaused), [feed, isPaused]);
  return {feed, snapshot};
}
