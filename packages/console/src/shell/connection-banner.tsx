/** Shows the state of the connection. It is in the header, so that changes move nothing below. */
import {useConnection} from '@hookswitch/client/react';
import {Button} from '../design/button.tsx';
import {classes} from '../design/classes.ts';
import {VisuallyHidden} from '../design/visually-hidden.tsx';
import styles from './connection-banner.module.css';
import {useConnectionLabels} from './use-connection-labels.ts';

export function ConnectionBanner() {
  const {tone, text, detail, action, retry} = useConnectionLabels();
  return (
    <div className={classes(styles.pill, tone !== 'good' && styles[tone])} data-connection={tone}>
      <div className={styles.words} title={detail}>
        <span className={styles.dot} aria-hidden="true" />
        {detail !== undefined && action !== 'again' && <span className={styles.reason}>{detail}</span>}
        <span className={styles.text}>{text}</span>
      </div>
      {/* Screen readers get the reconnection without the countdown. */}
      <VisuallyHidden>
        <span role="status">{`${text.replace(/ in \d+ s$/, ' soon')}. ${detail ?? ''}`}</span>
      </VisuallyHidden>
      {action !== undefined && (
        <Button small onPress={retry} label={action === 'now' ? 'Reconnect now' : 'Try again'}>
          {action === 'now' ? 'Now' : 'Try again'}
        </Button>
      )}
    </div>
  );
}

/** Shown below the header when the client has stopped for good, with advice. */
export function StoppedNotice() {
  const state = useConnection();
  if (state.phase !== 'stopped' || state.why === 'not-started') return null;
  return (
    <section className={styles.notice} aria-label="Connection">
      <p>The connection has stopped, and this page no longer updates. {state.whatToDo}</p>
    </section>
  );
}
