/** Guides the operator to the first call of a new gateway. */
import {useState} from 'react';
import {Link, useLocation} from 'wouter';
import {toApiError} from '../../api/api-error.ts';
import {endpoints} from '../../api/endpoints.ts';
import {useResource} from '../../api/use-resource.ts';
import {Button} from '../../design/button.tsx';
import {Phone} from '../../design/phone.tsx';
import {useApi, useInfo, useScope} from '../../session/session-context.ts';
import styles from './health.module.css';
import {firstScenario, type NextStep} from './next-step.ts';

export interface GettingStartedProps {
  readonly step: NextStep;
  readonly onCheck: () => void;
  /** Scrolls to the card of a check. */
  readonly onShow: (id: string) => void;
}

const POLL_MS = 3000;

export function GettingStarted(props: GettingStartedProps) {
  const {used} = useInfo();
  return used ? null : <UntilUsed {...props} />;
}

function UntilUsed(props: GettingStartedProps) {
  const info = useResource(endpoints.info(), {pollMs: POLL_MS});
  if (info.state === 'ready' && info.data.used) return null;
  return (
    <section className={styles.start} aria-labelledby="start">
      <h2 id="start">Getting started</h2>
      <Step {...props} />
    </section>
  );
}

function Step({step, onCheck, onShow}: GettingStartedProps) {
  switch (step.kind) {
    case 'checking':
      return <p role="status">Checking the setup…</p>;
    case 'check':
      return (
        <>
          <p>No calls yet. First, check the setup.</p>
          <Button variant="primary" onPress={onCheck}>
            Run all checks
          </Button>
        </>
      );
    case 'mend': {
      const {check, others} = step;
      return (
        <>
          <p>
            <strong>Next: {check.title}.</strong> {check.summary} {check.remedy}
          </p>
          {others > 0 && (
            <p className={styles.quiet}>
              {others === 1 ? 'Another check has failed' : `${others} other checks have failed`}, see below.
            </p>
          )}
          <Button variant="primary" onPress={() => onShow(check.id)}>
            Show the check
          </Button>
        </>
      );
    }
    case 'call':
      return <FirstCall warnings={step.warnings} />;
  }
}

function FirstCall({warnings}: {readonly warnings: number}) {
  const {simulated, phoneNumber} = useInfo();
  const mayPlace = useScope('calls:control');
  const maySimulate = useScope('calls:control:all');
  const hint =
    warnings === 0
      ? ''
      : warnings === 1
        ? ' There is 1 warning below.'
        : ` There are ${warnings} warnings below.`;
  if (simulated && maySimulate) return <SimulatedCall hint={hint} />;
  return (
    <>
      <p>
        The setup is complete.{hint} Call <Phone number={phoneNumber} />
        {mayPlace ? ' or place a call here. ' : '. '}The call will appear under Live calls.
      </p>
      {mayPlace ? <Link href="/?dial">Place a first call</Link> : <Link href="/">Live calls</Link>}
    </>
  );
}

function SimulatedCall({hint}: {readonly hint: string}) {
  const api = useApi();
  const simulator = useResource(endpoints.simulator());
  const [, navigate] = useLocation();
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const scenario = simulator.state === 'ready' ? firstScenario(simulator.data) : undefined;
  const place = async (id: string) => {
    setBusy(true);
    setError(undefined);
    try {
      const {callSid} = await api.send('POST', endpoints.scenario(id));
      navigate(`/calls/${callSid}`);
    } catch (thrown) {
      setError(toApiError(thrown).message);
      setBusy(false);
    }
  };
  return (
    <>
      <p>
        The setup is complete.{hint} Place a first call
        {scenario === undefined ? '.' : `: the simulator acts as the other party. ${scenario.description}`}
      </p>
      {scenario === undefined ? (
        <Link href="/?dial">Place a first call</Link>
      ) : (
        <Button variant="primary" busy={isBusy} onPress={() => void place(scenario.id)}>
          Place a first call
        </Button>
      )}
      {error !== undefined && (
        <p role="alert" className={styles.problem}>
          {error}
        </p>
      )}
    </>
  );
}
