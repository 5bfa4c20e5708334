/**
 * Something that is one of a few, as shape, word and colour: none of them is needed to tell. `StatusMark` and the screens' own marks
 * are made of it.
 */
import type {ReactNode} from 'react';
import {classes} from './classes.ts';
import styles from './shape-mark.module.css';

export type ShapeTone = 'quiet' | 'good' | 'warning' | 'bad';

export interface ShapeMarkProps {
  /** A {@link Shape}. */
  readonly shape: ReactNode;
  /** Absent where it stands beside the mark. */
  readonly word?: string | undefined;
  /** @default that of the text around it */
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
  /** Paths, in a square of `size`. */
  readonly children: ReactNode;
  /** Pixels. @default 12 */
  readonly size?: 12 | 14;
  /** Read out; without it the shape is decoration. */
  readonly label?: string | undefined;
}

/** In the colour of the text around it. */
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
