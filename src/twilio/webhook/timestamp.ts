/** Twilio's `Timestamp`. */

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const RFC_2822 =
  /^([A-Z][a-z]{2}), (\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) ([01]\d|2[0-3]):([0-5]\d):([0-5]\d) (?:[+-]0000|GMT|UTC|UT|Z)$/;
const ISO_8601 = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$/;

/** The last result, because a second has many callbacks with the same time. */
const last: {text: string; time: number | undefined} = {text: '', time: undefined};

/**
 * Parses UTC in RFC 2822, the format of call callbacks (`Sun, 25 Mar 2018 09:53:19 +0000`, or with `GMT`), or
 * in ISO 8601, the format of other callbacks. Returns milliseconds since 1970; `undefined` for any other text
 * or a nonexistent day.
 */
export function parseTimestamp(text: string): number | undefined {
  if (text !== last.text) {
    last.text = text;
    last.time = readRfc2822(text) ?? readIso8601(text);
  }
  return last.time;
}

function readRfc2822(text: string): number | undefined {
  const shape = RFC_2822.exec(text);
  if (shape === null) return undefined;
  const day = Number(shape[2]);
  const month = MONTHS.indexOf(shape[3] ?? '');
  const date = new Date(0);
  // Not `Date.UTC`, which reads the year 26 as 1926.
  date.setUTCFullYear(Number(shape[4]), month, day);
  // Refuses days that overflow into the next month, unknown months (-1), and weekdays that do not match.
  const isReal =
    month !== -1 && date.getUTCDate() === day && DAYS[date.getUTCDay()] === shape[1] && day !== 0;
  return isReal ? date.setUTCHours(Number(shape[5]), Number(shape[6]), Number(shape[7])) : undefined;
}

function readIso8601(text: string): number | undefined {
  const shape = ISO_8601.exec(text);
  if (shape === null) return undefined;
  const time = Date.parse(text);
  if (Number.isNaN(time)) return undefined;
  return new Date(time).toISOString().startsWith(shape[1] ?? '') ? time : undefined;
}
