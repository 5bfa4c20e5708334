/** Says which of the values in the address are left out, since what is shown is then more than was asked for. */
import {visibleText} from '../design/visible-text.ts';
import styles from './ignored-note.module.css';
import type {IgnoredValue} from './ignored-values.ts';

export function IgnoredNote({ignored}: {readonly ignored: readonly IgnoredValue[]}) {
  if (ignored.length === 0) return null;
  const words = ignored.map(({name, value}) => `${name} “${visibleText(value, 40)}”`).join(', ');
  return (
    <p className={styles.note} role="status">
      <bdi>
        Left out of the filter: {words}. {ignored.length === 1 ? 'That is no value' : 'Those are no values'}{' '}
        this page knows.
      </bdi>
    </p>
  );
}
