/** Formats times and durations. */

const STEPS = [
  {unit: 'd', seconds: 86_400},
  {unit: 'h', seconds: 3600},
  {unit: 'min', seconds: 60},
] as const;

/** `now`, `12 s ago`, `5 min ago`, `3 h ago`, `2 d ago`; `in 12 s` for the future. */
export function relativeTime(atMs: number, nowMs: number): string {
  const seconds = Math.round((nowMs - atMs) / 1000);
  const size = Math.abs(seconds);
  // Below the accuracy of the clocks, and below what a reader notices.
  if (size < 2) return 'now';
  const step = STEPS.find((candidate) => size >= candidate.seconds);
  const words = step === undefined ? `${size} s` : `${Math.floor(size / step.seconds)} ${step.unit}`;
  return seconds > 0 ? `${words} ago` : `in ${words}`;
}

/** `0:07`, `12:34`, `1:02:03`. */
export function formatDuration(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1000));
  const [hours, minutes, seconds] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  const pad = (part: number) => String(part).padStart(2, '0');
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds)}` : `${minutes}:${pad(seconds)}`;
}

/** The same for screen readers: `1 hour 2 minutes 3 seconds`. */
export function spokenDuration(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1000));
  const parts = [
    [Math.floor(total / 3600), 'hour'],
    [Math.floor(total / 60) % 60, 'minute'],
    [total % 60, 'second'],
  ] as const;
  const words = parts
    .filter(([count, unit]) => count > 0 || (unit === 'second' && total === 0))
    .map(([count, unit]) => `${count} ${unit}${count === 1 ? '' : 's'}`);
  return words.join(' ');
}

/** Milliseconds rounded for comparison: `3 ms`, `1.2 s`, `4 min`. */
export function formatMs(ms: number): string {
  const size = Math.abs(ms);
  if (size < 1000) return `${Math.round(ms)} ms`;
  if (size < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.round(ms / 60_000)} min`;
}

/** `512 B`, `1.5 KiB`, `3.2 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB'] as const;
  let value = bytes;
  for (const unit of units) {
    if (Math.abs(value) < 1024 || unit === 'GiB') return `${unit === 'B' ? value : value.toFixed(1)} ${unit}`;
    value /= 1024;
  }
  return `${bytes} B`;
}
