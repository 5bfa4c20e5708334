/** Text for screen readers only. */
import type {ReactNode} from 'react';
import styles from './field.module.css';

export function VisuallyHidden({children}: {readonly children: ReactNode}) {
  return <span className={styles['hidden-label']}>{children}</span>;
}
