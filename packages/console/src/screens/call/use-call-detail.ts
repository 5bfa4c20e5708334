/** One call with its legs and all that is known of it, asked for anew whenever something happens to it. */
import type {CallState} from '@hookswitch/client';
import type {Call, CallDetail} from '@hookswitch/protocol';
import {useEffect, useRef, useState, useSyncExternalStore} from 'react';
import {endpoints} from '../../api/endpoints.ts';
import {type LiveResource, useResource} from '../../api/use-resource.ts';
import {gatewayClock} from '../../gateway-clock.ts';
import {useClient} from '../../session/session-context.ts';

/** What is late or repeated is not pushed: it is looked for. */
const POLL_MS = 5000;

export interface CallDetailView {
  readonly resource: LiveResource<CallDetail>;
  /** The last that was seen, also after the gateway has forgotten it. */
  readonly detail: CallDetail | undefined;
  /** When `detail` was seen; milliseconds since 1970, the gateway's clock. */
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
  // What came while the connection was away was not pushed here; what it is now, HTTP says.
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

/** The newer of what was asked for and what was pushed. */
export function useNewest(call: Call): Call {
  const client = useClient();
  const store = client.call(call.callSid);
  const live = useSyncExternalStore(store.subscribe, store.getSnapshot);
  return live !== undefined && isNewer(live, call) ? {...call, ...progressOf(live)} : call;
}

function isNewer(live: CallState, call: Call): boolean {
  return live.outcomeUnknown === undefined && live.offset > call.offset;
}

/** What a push says; the rest is known better from HTTP. */
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

/**
 * The gateway's clock when the page was last told what is so, while it is not being told; milliseconds.
 */
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
