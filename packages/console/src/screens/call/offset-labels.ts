/** Formats the time since the start of the timeline. Pure. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** To the millisecond, for times by the gateway's own clock: `+24 ms`, `+1.234 s`, `+2:05.120`. */
export function preciseOffset(ms: number): string {
  if (Math.abs(ms) < SECOND) return ms === 0 ? '0' : `${ms < 0 ? '−' : '+'}${Math.abs(ms)} ms`;
  const fraction = String(Math.abs(ms) % SECOND).padStart(3, '0');
  const whole = offsetText(ms - (ms % SECOND));
  return whole.endsWith(' s') ? `${whole.slice(0, -2)}.${fraction} s` : `${whole}.${fraction}`;
}

/** `0`, `+0.2 s`, `+5 s`, `+2:30`, `+1:05:00`. */
export function offsetText(ms: number): string {
  if (ms === 0) return '0';
  const sign = ms < 0 ? '−' : '+';
  const size = Math.abs(ms);
  if (size < MINUTE) return `${sign}${Math.floor(size / 100) / 10} s`;
  const two = (part: number) => String(part).padStart(2, '0');
  const [h, m, s] = [Math.floor(size / HOUR), Math.floor(size / MINUTE) % 60, Math.floor(size / SECOND) % 60];
  return h === 0 ? `${sign}${m}:${two(s)}` : `${sign}${h}:${two(m)}:${two(s)}`;
}
