/** The gateway's clock, by the hour: what is relative begins with a whole one. */
import {useEffect, useState} from 'react';

export const HOUR_MS = 3_600_000;
const LOOK_EVERY_MS = 30_000;

/** Rises with every hour of the gateway's clock, since what is relative begins with a whole one. */
export function useHour(now: () => number): number {
  const [hour, setHour] = useState(() => Math.floor(now() / HOUR_MS));
  useEffect(() => {
    const timer = setInterval(() => setHour(Math.floor(now() / HOUR_MS)), LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, [now]);
  return hour;
}
