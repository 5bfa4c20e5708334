/** The fills of the bars that the style sheet refers to. */
import styles from './call.module.css';

/** Textures, so that no bar is known by its colour alone. */
export function TimelineTextures() {
  return (
    <defs>
      <pattern id="texture-dialling" width="6" height="6" patternUnits="userSpaceOnUse">
        <rect width="6" height="6" className={styles['dialling-ground']} />
        <circle cx="3" cy="3" r="1" className={styles['dialling-ink']} />
      </pattern>
      <pattern
        id="texture-ringing"
        width="7"
        height="7"
        patternUnits="userSpaceOnUse"
        patternTransform="rotate(45)"
      >
        <rect width="7" height="7" className={styles['ringing-ground']} />
        <rect width="2.5" height="7" className={styles['ringing-ink']} />
      </pattern>
      <pattern
        id="texture-unconfirmed"
        width="6"
        height="6"
        patternUnits="userSpaceOnUse"
        patternTransform="rotate(-45)"
      >
        <rect width="3" height="6" className={styles['unconfirmed-ink']} />
      </pattern>
    </defs>
  );
}
