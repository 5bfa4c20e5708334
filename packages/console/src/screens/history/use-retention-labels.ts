/** The retention of ended calls in words. */
import {useInfo} from '../../session/session-context.ts';

/** A sentence without its full stop. */
export function useRetentionLabels(): string {
  const {retentionDays} = useInfo();
  return `ended calls are kept for ${retentionDays === 1 ? 'a day' : `${retentionDays} days`}`;
}
