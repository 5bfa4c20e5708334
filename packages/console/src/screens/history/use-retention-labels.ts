/** How long there is a history at all. */
import {useInfo} from '../../session/session-context.ts';

/** One sentence without its full stop. */
export function useRetentionLabels(): string {
  const {retentionDays} = useInfo();
  return `ended calls are kept for ${retentionDays === 1 ? 'a day' : `${retentionDays} days`}`;
}
