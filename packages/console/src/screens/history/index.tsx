import {EmptyState} from '../../design/states.tsx';
import {Screen} from '../../shell/screen.tsx';

export default function HistoryScreen() {
  return (
    <Screen title="History">
      <EmptyState title="No calls have ended yet" icon="history" />
    </Screen>
  );
}
