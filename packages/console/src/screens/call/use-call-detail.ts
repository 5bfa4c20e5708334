/** One call with its legs and events, loaded again whenever it changes. */
import type {CallState} from '@hookswitch/client';
import type {Call, CallDetail} from '@hookswitch/protocol';
import {useEffect, useRef, useState, useSyncExternalStore} from 'react';
import {endpoints} from '../../api/endpoints.ts';
import {type LiveResource, useResource} from '../../api/use-resource.ts';
import {gatewayClock} from '../../gateway-clock.ts';
import {useClient} from '../../session/session-context.ts';

/** Late and duplicate events are not pushed, so polling finds them. */
const POLL_MS = 5000;

export interface CallDetailView {
  readonly resource: LiveResource<CallDetail>;
  /** The last version, kept after the gateway has deleted the call. */
  readonly detail: CallDetail | undefined;
  /** When `detail` was loaded; milliseconds since 1970, the gateway's clock. */
  readonly at: number | undefined;
}

export function useCallDetail(callSid: string): CallDetailView {
  const client = useClient();
  const resource = useResource(endpoints.call(callSid), {pollMs: POLL_MS});
  const {reload} = resource;
  const data = resource.state === 'ready' ? resource.data : undefined;
  const last = useRef<{readonly detail: CallDetail; readonly at: number}>(undefined);
  if (resource.state === 'ready') last.current = {detail: resource.data, at: resource.at};
  const sids = useRef(new Set([callSid]));
  useEffect(() => {
    if (data !== undefined) sids.current = new Set([data.callSid, ...data.legs.map((leg) => leg.callSid)]);
  }, [data]);
  useEffect(
    () =>
      client.on('status', (message) => {
        const {parentCallSid} = message;
        const isOurs =
          sids.current.has(message.callSid) ||
          (parentCallSid !== undefined && sids.current.has(parentCallSid));
        if (isOurs) reload();
      }),
    [client, reload],
  );
  // Events during an outage were not pushed here, so load the state over HTTP.
  useEffect(() => {
    let wasLive = client.connection.getSnapshot().phase === 'live';
    return client.connection.subscribe(() => {
      const isLive = client.connection.getSnapshot().phase === 'live';
      if (isLive && !wasLive) reload();
      wasLive = isLive;
    });
  }, [client, reload]);
  return {resource, detail: last.current?.detail, at: last.current?.at};
}

/** The newer of the loaded and the pushed version. */
export function useNewest(call: Call): Call {
  const client = useClient();
  const store = client.call(call.callSid);
  const live = useSyncExternalStore(store.subscribe, store.getSnapshot);
  return live !== undefined && isNewer(live, call) ? {...call, ...progressOf(live)} : call;
}

function isNewer(live: CallState, call: Call): boolean {
  return live.outcomeUnknown === undefined && live.offset > call.offset;
}

/** The fields that a push contains; HTTP is more complete for the others. */
function progressOf({
  status,
  providerStatus,
  reason,
  duration,
  answeredAt,
  endedAt,
  offset,
}: CallState): Partial<Call> {
  return {
    status,
    providerStatus,
    offset,
    ...(reason !== undefined && {reason}),
    ...(duration !== undefined && {duration}),
    ...(answeredAt !== undefined && {answeredAt}),
    ...(endedAt !== undefined && {endedAt}),
  };
}

/** The gateway's clock when the connection was lost, in milliseconds; `undefined` while it is live. */
export function useAsOf(): number | undefined {
  const client = useClient();
  const isLive = useSyncExternalStore(
    client.connection.subscribe,
    () => client.connection.getSnapshot().phase === 'live',
  );
  const [lostAt, setLostAt] = useState<number>();
  useEffect(() => {
    if (isLive) setLostAt(undefined);
    else setLostAt((known) => known ?? gatewayClock.now());
  }, [isLive]);
  return isLive ? undefined : lostAt;
}
