/** Names the ignored values in the URL, because the page then shows more than was requested. */
import {visibleText} from '../design/visible-text.ts';
import styles from './ignored-note.module.css';
import type {IgnoredValue} from './ignored-values.ts';

export function IgnoredNote({ignored}: {readonly ignored: readonly IgnoredValue[]}) {
  if (ignored.length === 0) return null;
  const words = ignored.map(({name, value}) => `${name} “${visibleText(value, 40)}”`).join(', ');
  return (
    <p className={styles.note} role="status">
      <bdi>
        Ignored in the filter: {words}. This page does not know{' '}
        {ignored.length === 1 ? 'this value' : 'these values'}.
      </bdi>
    </p>
  );
}
