/**
 * A value as shape, word and color, so that each of them alone identifies it. The base of `StatusMark` and of
 * the screens' own marks.
 */
import type {ReactNode} from 'react';
import {classes} from './classes.ts';
import styles from './shape-mark.module.css';

export type ShapeTone = 'quiet' | 'good' | 'warning' | 'bad';

export interface ShapeMarkProps {
  /** A {@link Shape}. */
  readonly shape: ReactNode;
  /** Absent if the word is shown next to the mark. */
  readonly word?: string | undefined;
  /** @default the color of the surrounding text */
  readonly tone?: ShapeTone | undefined;
  readonly title?: string | undefined;
  readonly className?: string | undefined;
  readonly [data: `data-${string}`]: string | undefined;
}

export function ShapeMark({shape, word, tone, className, ...rest}: ShapeMarkProps) {
  return (
    <span {...rest} className={classes(styles.mark, tone && styles[tone], className)}>
      {shape}
      {word}
    </span>
  );
}

export interface ShapeProps {
  /** SVG paths, in a square of `size`. */
  readonly children: ReactNode;
  /** Pixels. @default 12 */
  readonly size?: 12 | 14;
  /** Accessible name; without it the shape is decoration. */
  readonly label?: string | undefined;
}

/** Drawn in the color of the surrounding text. */
export function Shape({children, size = 12, label}: ShapeProps) {
  return (
    <svg
      width={size}
      height={size}
      viewBox={`0 0 ${size} ${size}`}
      fill="none"
      stroke="currentColor"
      strokeWidth="1.75"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden={label === undefined}
      role={label === undefined ? undefined : 'img'}
      aria-label={label}
    >
      {children}
    </svg>
  );
}
