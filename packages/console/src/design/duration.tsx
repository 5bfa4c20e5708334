/** A fixed duration, or the time since a moment, updated once a second. */
import {formatDuration, spokenDuration} from './time-labels.ts';
import {useGatewayNow} from './use-now.ts';

export type DurationProps =
  | {readonly seconds: number}
  /** ISO 8601 or milliseconds, by the gateway's clock. */
  | {readonly since: string | number};

export function Duration(props: DurationProps) {
  return 'seconds' in props ? <Length ms={props.seconds * 1000} /> : <Ticking since={props.since} />;
}

function Ticking({since}: {readonly since: string | number}) {
  const start = typeof since === 'number' ? since : Date.parse(since);
  return <Length ms={useGatewayNow() - start} />;
}

function Length({ms}: {readonly ms: number}) {
  const whole = Math.max(0, Math.floor(ms / 1000));
  return (
    <time dateTime={`PT${whole}S`} title={spokenDuration(ms)}>
      {formatDuration(ms)}
    </time>
  );
}
