/** Hours in words, by this machine's time zone. */

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

/** `Sun, 22 Nov, 14:00 – 15:00`; of a day, the day alone. */
export function hourLabels({start, end}: {readonly start: number; readonly end: number}): string {
  const hours = (end - start) / 3_600_000;
  // Twice a year a day has an hour more or less.
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

/** For below an axis: the time, or on a long one the day. */
export function shortHour(start: number, isLong: boolean): string {
  return (isLong ? day : hour).format(start);
}

/** When a call began, for a row: `22 Nov, 14:03:22`. */
export const rowTime = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});
