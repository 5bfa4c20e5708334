/** Notes about calls that are not live, and about calls that are live again. */
import type {ReactNode} from 'react';
import {classes} from '../design/classes.ts';
import {Icon} from '../design/icon.tsx';
import {Time} from '../design/time.tsx';
import styles from './stale-note.module.css';

/** @param asOf when the shown state was last confirmed; milliseconds since 1970, the gateway's clock */
export function StaleNote({asOf}: {readonly asOf: number}) {
  return (
    <ConnectionNote icon="alert">
      Not live: the calls are shown as of <Time at={asOf} format="clock" />.
    </ConnectionNote>
  );
}

export interface ConnectionNoteProps {
  readonly icon: 'alert' | 'check' | 'refresh';
  /** The problem is over. @default false */
  readonly good?: boolean;
  readonly children: ReactNode;
}

export function ConnectionNote({icon, good = false, children}: ConnectionNoteProps) {
  return (
    <p className={classes(styles.note, good && styles.good)} role="status">
      <Icon name={icon} size={14} />
      <span>{children}</span>
    </p>
  );
}
