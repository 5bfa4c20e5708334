/** A word or number with a background. The tone only emphasizes the text. */
import type {ReactNode} from 'react';
import styles from './badge.module.css';
import {classes} from './classes.ts';

export type Tone = 'neutral' | 'good' | 'warning' | 'bad' | 'accent';

export interface BadgeProps {
  readonly children: ReactNode;
  /** @default 'neutral' */
  readonly tone?: Tone;
  readonly title?: string;
}

export function Badge({children, tone = 'neutral', title}: BadgeProps) {
  return (
    <span className={classes(styles.badge, tone !== 'neutral' && styles[tone])} title={title}>
      {children}
    </span>
  );
}
