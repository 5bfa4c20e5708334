/** Labels for hours, in the local time zone. */

const hour = new Intl.DateTimeFormat(undefined, {hour: '2-digit', minute: '2-digit'});
const day = new Intl.DateTimeFormat(undefined, {day: 'numeric', month: 'short'});
const weekday = new Intl.DateTimeFormat(undefined, {weekday: 'short', day: 'numeric', month: 'short'});
const span = new Intl.DateTimeFormat(undefined, {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});

/** `Sun, 22 Nov, 14:00 – 15:00`; for a whole day, only the day. */
export function hourLabels({start, end}: {readonly start: number; readonly end: number}): string {
  const hours = (end - start) / 3_600_000;
  // With daylight saving time, a day may have 23 or 25 hours.
  const isDay = hours >= 23 && hours <= 25 && isMidnight(start) && isMidnight(end);
  return isDay ? weekday.format(start) : span.formatRange(start, end);
}

/** `Sun, 22 Nov, 14:00`. */
export function momentLabels(at: number): string {
  return span.format(at);
}

export function isMidnight(ms: number): boolean {
  const date = new Date(ms);
  return date.getHours() === 0 && date.getMinutes() === 0;
}

/** A label below the axis: the time, or the day on a long axis. */
export function shortHour(start: number, isLong: boolean): string {
  return (isLong ? day : hour).format(start);
}

/** When a call started, for a row: `22 Nov, 14:03:22`. */
export const rowTime = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});
