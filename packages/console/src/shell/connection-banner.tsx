/** Says what the connection is really doing. In the header, so that nothing below moves when it changes. */
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
      {/* The countdown is not read out every second: only what it counts down to. */}
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

/** Below the header: nothing will happen by itself any more, and what there is to do about it. */
export function StoppedNotice() {
  const state = useConnection();
  if (state.phase !== 'stopped' || state.why === 'not-started') return null;
  return (
    <section className={styles.notice} aria-label="Connection">
      <p>The connection has stopped, and what you see stands still. {state.whatToDo}</p>
    </section>
  );
}
