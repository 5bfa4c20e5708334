/** What to do next where nothing has ever happened. Pure. */
import type {HealthCheck, SimulatorInfo} from '@hookswitch/protocol';

export type NextStep =
  | {readonly kind: 'checking'}
  /** Nobody has looked yet. */
  | {readonly kind: 'check'}
  /** The first thing that keeps calls from working. */
  | {readonly kind: 'mend'; readonly check: HealthCheck; readonly others: number}
  /** Everything that must work does. */
  | {readonly kind: 'call'; readonly warnings: number};

export interface Situation {
  /** In the order in which one depends on the other. */
  readonly checks: readonly HealthCheck[];
  readonly isRunning: boolean;
}

export function nextStep({checks, isRunning}: Situation): NextStep {
  const failed = checks.filter(({status}) => status === 'failed');
  const [first] = failed;
  // What is known already is not taken back while it is looked at once more.
  if (first !== undefined) return {kind: 'mend', check: first, others: failed.length - 1};
  if (checks.some(({status}) => status === 'not-run')) return {kind: isRunning ? 'checking' : 'check'};
  return {kind: 'call', warnings: checks.filter(({status}) => status === 'warning').length};
}

/** The simulator's call to begin with: one that is answered, or else the first that is placed from here. */
export function firstScenario({scenarios}: SimulatorInfo): SimulatorInfo['scenarios'][number] | undefined {
  return (
    scenarios.find(({id}) => id === 'answered') ??
    scenarios.find(({direction}) => direction === 'outbound') ??
    scenarios[0]
  );
}

/** `5 of 7 fine, 1 to look at, 1 failed`. */
export function reportLabels(checks: readonly HealthCheck[]): string {
  const count = (status: HealthCheck['status']) => checks.filter((check) => check.status === status).length;
  const [fine, warnings, failed, unknown] = [
    count('ok'),
    count('warning'),
    count('failed'),
    count('not-run'),
  ];
  if (unknown === checks.length) return 'not checked yet';
  return [
    `${fine} of ${checks.length} fine`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(warnings > 0 ? [`${warnings} to look at`] : []),
    ...(unknown > 0 ? [`${unknown} not checked`] : []),
  ].join(' · ');
}

/** When the last check of all ended. */
export function lastCheckedAt(checks: readonly HealthCheck[]): string | undefined {
  return checks.reduce<string | undefined>(
    (latest, {checkedAt}) =>
      checkedAt !== undefined && (latest === undefined || checkedAt > latest) ? checkedAt : latest,
    undefined,
  );
}
