/** The controls in the simulator's banner: scenarios that place calls, and faults. */
import type {SimulatorInfo} from '@hookswitch/protocol';
import {type KeyboardEvent, type RefObject, useEffect, useMemo, useRef, useState} from 'react';
import {toApiError} from '../../api/api-error.ts';
import {endpoints} from '../../api/endpoints.ts';
import {refusalLabels} from '../../api/refusal-labels.ts';
import {useResource} from '../../api/use-resource.ts';
import {Button} from '../../design/button.tsx';
import {Icon} from '../../design/icon.tsx';
import {useApi} from '../../session/session-context.ts';
import {type PageCommand, useOfferCommands} from '../../shell/page-commands.ts';
import {SimulatorSlot} from '../../shell/simulator-slot.tsx';
import styles from './live.module.css';

export interface SimulatorPanelProps {
  readonly onPlaced: (callSid: string) => void;
}

export function SimulatorPanel({onPlaced}: SimulatorPanelProps) {
  const {simulator, known, busy, error, active, run, toggle} = useSimulator(onPlaced);
  useOfferCommands(useScenarioCommands(known?.scenarios, run));
  if (simulator.state === 'failed' && simulator.error.status !== 404) {
    return (
      <SimulatorSlot>
        <span role="alert">{simulator.error.message}</span>
        <Button small onPress={simulator.reload}>
          Try again
        </Button>
      </SimulatorSlot>
    );
  }
  if (known === undefined) return null;
  return (
    <SimulatorSlot>
      <div className={styles.simulator}>
        <Scenarios scenarios={known.scenarios} busy={busy} onRun={run} />
        <Faults faults={known.faults} active={active} busy={busy} onToggle={toggle} />
      </div>
      {error !== undefined && (
        <p role="alert" className={styles.error}>
          {error}
        </p>
      )}
    </SimulatorSlot>
  );
}

/** The simulator's state, and the commands that change it. */
function useSimulator(onPlaced: (callSid: string) => void) {
  const api = useApi();
  const simulator = useResource(endpoints.simulator());
  const [busy, setBusy] = useState<string>();
  const [error, setError] = useState<string>();
  /** The last response to a change; newer than the loaded state. */
  const [changed, setChanged] = useState<SimulatorInfo>();
  /** The faults as requested, until the response arrives. */
  const [requested, setRequested] = useState<readonly string[]>();
  const known = changed ?? (simulator.state === 'ready' ? simulator.data : undefined);
  const active = requested ?? known?.faults.filter((fault) => fault.active).map(({id}) => id) ?? [];

  const attempt = async (id: string, act: () => Promise<void>) => {
    setBusy(id);
    setError(undefined);
    try {
      await act();
    } catch (thrown) {
      setError(refusalLabels(toApiError(thrown)));
    } finally {
      setBusy(undefined);
      setRequested(undefined);
    }
  };
  const run = (id: string) =>
    void attempt(id, async () => onPlaced((await api.send('POST', endpoints.scenario(id))).callSid));
  const toggle = (id: string) =>
    void attempt(id, async () => {
      const next = active.includes(id) ? active.filter((each) => each !== id) : [...active, id];
      setRequested(next);
      setChanged(await api.send('PUT', endpoints.faults(), {body: {active: next}}));
    });
  return {simulator, known, busy, error, active, run, toggle};
}

interface ScenariosProps {
  readonly scenarios: SimulatorInfo['scenarios'];
  /** The id of the scenario or fault whose request is in progress. */
  readonly busy: string | undefined;
  readonly onRun: (id: string) => void;
}

function Scenarios({scenarios, busy, onRun}: ScenariosProps) {
  return (
    <ul className={styles.scenarios} aria-label="Scenarios">
      {scenarios.map(({id, label, description, direction}) => (
        <li key={id} title={description}>
          <Button small busy={busy === id} onPress={() => onRun(id)}>
            <Icon name={direction === 'inbound' ? 'inbound' : 'outbound'} size={12} />
            {label}
          </Button>
        </li>
      ))}
    </ul>
  );
}

interface FaultsProps extends Pick<ScenariosProps, 'busy'> {
  readonly faults: SimulatorInfo['faults'];
  /** Ids of the faults that are on. */
  readonly active: readonly string[];
  readonly onToggle: (id: string) => void;
}

function Faults({faults, active, busy, onToggle}: FaultsProps) {
  const folded = useFolded();
  return (
    <details ref={folded} className={styles.faults} onKeyDown={closeOnEscape}>
      <summary>Faults{active.length > 0 && `: ${active.length} on`}</summary>
      <ul aria-label="Faults">
        {faults.map(({id, label, description}) => (
          <li key={id}>
            <label>
              <input
                type="checkbox"
                checked={active.includes(id)}
                aria-disabled={busy !== undefined}
                onChange={() => {
                  // Two concurrent requests could overtake each other.
                  if (busy === undefined) onToggle(id);
                }}
              />
              <span>
                <strong>{label}</strong> {description}
              </span>
            </label>
          </li>
        ))}
      </ul>
    </details>
  );
}

/** The scenarios as palette commands; the list is stable while the scenarios are the same. */
function useScenarioCommands(
  scenarios: SimulatorInfo['scenarios'] | undefined,
  run: (id: string) => void,
): readonly PageCommand[] {
  const latest = useRef(run);
  useEffect(() => {
    latest.current = run;
  });
  return useMemo(
    () =>
      (scenarios ?? []).map(({id, label}) => ({label: `Simulate: ${label}`, run: () => latest.current(id)})),
    [scenarios],
  );
}

/** A press outside closes it. */
function useFolded(): RefObject<HTMLDetailsElement | null> {
  const folded = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const onPress = ({target}: PointerEvent) => {
      if (folded.current !== null && target instanceof Node && !folded.current.contains(target)) {
        folded.current.open = false;
      }
    };
    document.addEventListener('pointerdown', onPress);
    return () => document.removeEventListener('pointerdown', onPress);
  }, []);
  return folded;
}

function closeOnEscape(event: KeyboardEvent<HTMLDetailsElement>): void {
  if (event.key !== 'Escape' || !event.currentTarget.open) return;
  event.stopPropagation();
  event.nativeEvent.stopImmediatePropagation();
  event.currentTarget.open = false;
  event.currentTarget.querySelector('summary')?.focus();
}
