/** The fills of the bars, referenced by the style sheet. */
import styles from './call.module.css';

/** Textures, so that color is not the only way to tell bars apart. */
export function TimelineTextures() {
  return (
    <defs>
      <pattern id="texture-dialing" width="6" height="6" patternUnits="userSpaceOnUse">
        <rect width="6" height="6" className={styles['dialing-ground']} />
        <circle cx="3" cy="3" r="1" className={styles['dialing-ink']} />
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
