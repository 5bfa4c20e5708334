/** What came in while the rows beneath keep their place. On their upper border, so that it pushes nothing aside. */
import {Button} from './button.tsx';
import styles from './news-pill.module.css';

export interface NewsPillProps {
  /** `3 new`; empty for nothing. */
  readonly words: string;
  /** Shows it; the screen has the shortcut `n`. */
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
