/** Health: the doctor's checks with their remedies, and the gateway's recent metrics. */
import type {HealthCheck} from '@hookswitch/protocol';
import {useState} from 'react';
import {Button} from '../../design/button.tsx';
import {ConfirmDialog} from '../../design/confirm-dialog.tsx';
import {EmptyState, Failed, Loading, NotAllowed, Stale} from '../../design/states.tsx';
import {Time} from '../../design/time.tsx';
import {useScope} from '../../session/session-context.ts';
import {Screen} from '../../shell/screen.tsx';
import {useShortcut} from '../../shell/shortcuts.ts';
import {CheckCard} from './check-card.tsx';
import type {ChecksStore, LoadedChecks} from './checks-store.ts';
import {GettingStarted} from './getting-started.tsx';
import styles from './health.module.css';
import {Metrics} from './metrics.tsx';
import {lastCheckedAt, nextStep, reportLabels} from './next-step.ts';
import {useChecks} from './use-checks.ts';

export default function HealthScreen() {
  if (useScope('sessions:read')) return <Health />;
  return (
    <Screen title="Health">
      <EmptyState title="Your key does not allow viewing the gateway’s health" icon="lock">
        It needs the scope <code>sessions:read</code>.
      </EmptyState>
    </Screen>
  );
}

function Health() {
  const {store, snapshot} = useChecks();
  const [isPaused, setPaused] = useState(false);
  const loaded = snapshot.state === 'ready' ? snapshot : undefined;
  const isRunning = loaded !== undefined && loaded.running.size > 0;
  useShortcut('r', 'Run all checks', () => void store.run(), {enabled: loaded !== undefined});
  useShortcut('p', isPaused ? 'Resume charts' : 'Pause charts', () => setPaused(!isPaused));
  return (
    <Screen
      title="Health"
      note={loaded !== undefined && <Note loaded={loaded} />}
      actions={
        <>
          <Button keys="p" variant="quiet" onPress={() => setPaused(!isPaused)}>
            {isPaused ? 'Resume charts' : 'Pause charts'}
          </Button>
          {loaded !== undefined && (
            <Button keys="r" busy={isRunning} onPress={() => void store.run()}>
              Run all checks
            </Button>
          )}
        </>
      }
    >
      {loaded !== undefined && (
        <GettingStarted
          step={nextStep({checks: loaded.checks, isRunning})}
          onCheck={() => void store.run()}
          onShow={showCheck}
        />
      )}
      {snapshot.state === 'loading' && <Loading label="Loading the last results…" />}
      {snapshot.state === 'forbidden' && <NotAllowed error={snapshot.error} />}
      {snapshot.state === 'failed' && <Failed error={snapshot.error} onRetry={store.reload} />}
      {loaded?.stale !== undefined && <Stale error={loaded.stale} at={loaded.at} />}
      {loaded !== undefined && <Cards store={store} loaded={loaded} />}
      {loaded !== undefined && <Metrics isPaused={isPaused} />}
    </Screen>
  );
}

/** The progress while checks run; otherwise a summary with its time. */
function Note({loaded: {checks, running}}: {readonly loaded: LoadedChecks}) {
  const at = lastCheckedAt(checks);
  if (running.size > 0) {
    return <span role="status">{`Checking: ${checks.length - running.size} of ${checks.length} done`}</span>;
  }
  return (
    <>
      <span role="status">{reportLabels(checks)}</span>
      {at !== undefined && (
        <>
          {' · '}last checked <Time at={at} />
        </>
      )}
    </>
  );
}

function Cards({store, loaded}: {readonly store: ChecksStore; readonly loaded: LoadedChecks}) {
  const {checks, running, problems} = loaded;
  const mayAct = useScope('calls:control:all');
  const [asked, setAsked] = useState<NonNullable<HealthCheck['action']>>();
  const [isAsking, setAsking] = useState(false);
  const problem = problems.get('all');
  return (
    <section className={styles.section} aria-labelledby="checks">
      <h2 id="checks">Checks</h2>
      {problem !== undefined && (
        <p role="alert" className={styles.problem}>
          {problem}
        </p>
      )}
      <div className={styles.cards}>
        {checks.map((check) => (
          <CheckCard
            key={check.id}
            check={check}
            isRunning={running.has(check.id)}
            problem={problems.get(check.id)}
            mayAct={mayAct}
            onRun={() => void store.run(check.id)}
            onAct={(action) => {
              setAsked(action);
              setAsking(true);
            }}
          />
        ))}
      </div>
      {asked !== undefined && (
        <ConfirmDialog
          open={isAsking}
          onClose={() => setAsking(false)}
          title={`${asked.label}?`}
          confirm={asked.label}
          danger={false}
          onConfirm={() => store.act(asked.id)}
        >
          {asked.consequence}
        </ConfirmDialog>
      )}
    </section>
  );
}

function showCheck(id: string): void {
  const heading = document.getElementById(`check-${id}`);
  heading?.scrollIntoView({block: 'center'});
  heading?.focus({preventScroll: true});
}
