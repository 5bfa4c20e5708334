/**
 * Formats a date as Twilio does: RFC 2822 in UTC, with a resolution of one second: `Sun, 25 Mar 2018 09:53:19
 * +0000`.
 */
export function rfc2822(date: Date): string {
  return date.toUTCString().replace('GMT', '+0000');
}
