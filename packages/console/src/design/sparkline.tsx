/** A small curve without axes; the numbers that matter stand beside it in words. */
import {useMemo} from 'react';
import styles from './sparkline.module.css';
import {sparklinePath} from './sparkline-path.ts';

export interface SparklineProps {
  /** Oldest first; `undefined` where nothing is known. */
  readonly values: readonly (number | undefined)[];
  /** What it shows, with the last value: “Webhooks, 12 in the last 5 s”. */
  readonly label: string;
  /** What reaches the top. @default the largest value */
  readonly max?: number;
}

const [WIDTH, HEIGHT] = [120, 32] as const;

export function Sparkline({values, label, max}: SparklineProps) {
  const {line, area} = useMemo(
    () => sparklinePath(values, {width: WIDTH, height: HEIGHT, ...(max !== undefined && {max})}),
    [values, max],
  );
  return (
    <svg
      className={styles.sparkline}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <path className={styles.area} d={area} />
      <path className={styles.line} d={line} />
    </svg>
  );
}
