/**
 * Announces new rows while the existing rows keep their place. It overlaps the table's top border, so it
 * moves nothing.
 */
import {Button} from './button.tsx';
import styles from './news-pill.module.css';

export interface NewsPillProps {
  /** For example `3 new`; empty if there is nothing new. */
  readonly words: string;
  /** Shows the new rows. The screen registers the shortcut `n`. */
  readonly onShow: () => void;
}

export function NewsPill({words, onShow}: NewsPillProps) {
  return (
    <div className={styles.place} role="status">
      {words !== '' && (
        <Button small variant="primary" className={styles.pill ?? ''} keys="n" onPress={onShow}>
          {words}
        </Button>
      )}
    </div>
  );
}
