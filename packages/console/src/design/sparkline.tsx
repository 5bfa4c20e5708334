/** A small curve without axes; the important numbers are next to it as text. */
import {useMemo} from 'react';
import styles from './sparkline.module.css';
import {sparklinePath} from './sparkline-path.ts';

export interface SparklineProps {
  /** Oldest first; `undefined` for unknown values. */
  readonly values: readonly (number | undefined)[];
  /** Describes the curve with its last value: “Webhooks, 12 in the last 5 s”. */
  readonly label: string;
  /** The value at the top. @default the largest value */
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
