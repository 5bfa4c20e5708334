/** The current hour by the gateway's clock. */
import {useEffect, useState} from 'react';

export const HOUR_MS = 3_600_000;
const LOOK_EVERY_MS = 30_000;

/** Increases with every hour of the gateway's clock, because relative periods start on a full hour. */
export function useHour(now: () => number): number {
  const [hour, setHour] = useState(() => Math.floor(now() / HOUR_MS));
  useEffect(() => {
    const timer = setInterval(() => setHour(Math.floor(now() / HOUR_MS)), LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, [now]);
  return hour;
}
