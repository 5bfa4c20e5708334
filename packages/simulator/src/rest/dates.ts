import {badRequest} from './api-error.ts';

const DAY_MS = 24 * 3600 * 1000;

/**
 * Parses the time filters of a list: `Name`, `Name<` and `Name>`, where the operator is part of the key. A
 * date means the whole day (UTC). `<` with a date excludes that day, because it means up to midnight (Twilio
 * docs: "Read multiple Call resources"). A point in time has a resolution of one second.
 */
export function timeFilters<T>(
  query: URLSearchParams,
  name: string,
  timeOf: (item: T) => Date | null,
): ((item: T) => boolean)[] {
  return (['', '<', '>'] as const).flatMap((operator) => {
    const value = query.get(name + operator);
    if (!value) return [];
    const isInRange = rangeOf(value, operator, name + operator);
    return [
      (item: T) => {
        const time = timeOf(item)?.getTime();
        return time !== undefined && isInRange(time);
      },
    ];
  });
}

function rangeOf(value: string, operator: '' | '<' | '>', name: string): (time: number) => boolean {
  const isDay = /^\d{4}-\d\d-\d\d$/.test(value);
  const from = Date.parse(value);
  if (Number.isNaN(from)) throw badRequest(20001, `${name} is not a date: ${value}`);
  const to = from + (isDay ? DAY_MS : 1000);
  if (operator === '>') return (time) => time >= from;
  if (operator === '<') return (time) => time < (isDay ? from : to);
  return (time) => time >= from && time < to;
}
