/** The {@link SessionList} of a filter, and its snapshot. */
import {useCallback} from 'react';
import {endpoints} from '../../api/endpoints.ts';
import {useFollowed} from '../../api/use-followed.ts';
import {browser} from '../../api/use-resource.ts';
import {useApi} from '../../session/session-context.ts';
import {SessionList, type SessionListSnapshot} from './session-list.ts';
import type {SessionFilter} from './session-query.ts';

const POLL_MS = 3000;
/** The gateway's maximum. */
const PAGE = 200;

export interface UsedSessionList {
  readonly list: SessionList;
  readonly snapshot: SessionListSnapshot;
}

export function useSessionList({q, phase, sort}: SessionFilter, isPaused: boolean): UsedSessionList {
  const api = useApi();
  const make = useCallback(
    (last: SessionListSnapshot | undefined) =>
      new SessionList({
        sort,
        load: (cursor, signal) =>
          api.get(
            endpoints.sessions({
              q,
              sort,
              limit: PAGE,
              ...(phase !== undefined && {phase}),
              ...(cursor !== undefined && {cursor}),
            }),
            signal,
          ),
        pollMs: POLL_MS,
        ports: browser,
        ...(last?.state === 'ready' && {initial: last}),
      }),
    [api, q, phase, sort],
  );
  const {store, snapshot} = useFollowed(make, isPaused);
  return {list: store, snapshot};
}
