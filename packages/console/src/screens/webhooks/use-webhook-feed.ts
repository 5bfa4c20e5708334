/** The {@link WebhookFeed} of a filter. */
import {useCallback} from 'react';
import {endpoints} from '../../api/endpoints.ts';
import {useFollowed} from '../../api/use-followed.ts';
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
  const make = useCallback(
    (last: FeedSnapshot | undefined) =>
      new WebhookFeed({
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
        ...(last?.state === 'ready' && {initial: {...last, waiting: 0}}),
      }),
    [api, text, outcome],
  );
  const {store, snapshot} = useFollowed(make, isPaused);
  return {feed: store, snapshot};
}
