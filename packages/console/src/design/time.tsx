/** A relative time. The exact time is on hover and in `dateTime`. */

import {relativeTime} from './time-labels.ts';
import {useGatewayNow} from './use-now.ts';

const absolute = new Intl.DateTimeFormat(undefined, {dateStyle: 'medium', timeStyle: 'medium'});
const clock = new Intl.DateTimeFormat(undefined, {hour: '2-digit', minute: '2-digit', second: '2-digit'});

export interface TimeProps {
  /** ISO 8601 or milliseconds since 1970, by the gateway's clock. */
  readonly at: string | number;
  /** `clock`: 14:03:22; `full`: with the date. @default 'relative' */
  readonly format?: 'relative' | 'clock' | 'full';
}

export function Time({at, format = 'relative'}: TimeProps) {
  const ms = typeof at === 'number' ? at : Date.parse(at);
  if (Number.isNaN(ms)) return <span>{at}</span>;
  const date = new Date(ms);
  return (
    <time dateTime={date.toISOString()} title={absolute.format(date)}>
      {format === 'relative' ? <Relative ms={ms} /> : (format === 'clock' ? clock : absolute).format(date)}
    </time>
  );
}

/** A separate component, so that nothing else renders every second. */
function Relative({ms}: {readonly ms: number}) {
  return relativeTime(ms, useGatewayNow());
}
