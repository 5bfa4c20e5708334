/** The next step to the first call. Pure. */
import type {HealthCheck, SimulatorInfo} from '@hookswitch/protocol';

export type NextStep =
  | {readonly kind: 'checking'}
  /** Not all checks have run yet. */
  | {readonly kind: 'check'}
  /** The first failed check. */
  | {readonly kind: 'mend'; readonly check: HealthCheck; readonly others: number}
  /** No check has failed. */
  | {readonly kind: 'call'; readonly warnings: number};

export interface Situation {
  /** In order of dependency. */
  readonly checks: readonly HealthCheck[];
  readonly isRunning: boolean;
}

export function nextStep({checks, isRunning}: Situation): NextStep {
  const failed = checks.filter(({status}) => status === 'failed');
  const [first] = failed;
  // A failed check stays the next step while it runs again.
  if (first !== undefined) return {kind: 'mend', check: first, others: failed.length - 1};
  if (checks.some(({status}) => status === 'not-run')) return {kind: isRunning ? 'checking' : 'check'};
  return {kind: 'call', warnings: checks.filter(({status}) => status === 'warning').length};
}

/** The simulator scenario for a first call: one that is answered, otherwise the first outbound one. */
export function firstScenario({scenarios}: SimulatorInfo): SimulatorInfo['scenarios'][number] | undefined {
  return (
    scenarios.find(({id}) => id === 'answered') ??
    scenarios.find(({direction}) => direction === 'outbound') ??
    scenarios[0]
  );
}

/** `5 of 7 OK · 1 failed · 1 warning`. */
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
    `${fine} of ${checks.length} OK`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(warnings > 0 ? [`${warnings} warning${warnings === 1 ? '' : 's'}`] : []),
    ...(unknown > 0 ? [`${unknown} not checked`] : []),
  ].join(' · ');
}

/** When the last check ended. */
export function lastCheckedAt(checks: readonly HealthCheck[]): string | undefined {
  return checks.reduce<string | undefined>(
    (latest, {checkedAt}) =>
      checkedAt !== undefined && (latest === undefined || checkedAt > latest) ? checkedAt : latest,
    undefined,
  );
}
