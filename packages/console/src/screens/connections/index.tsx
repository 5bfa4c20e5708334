import {EmptyState} from '../../design/states.tsx';
import {Screen} from '../../shell/screen.tsx';

export default function ConnectionsScreen() {
  return (
    <Screen title="Connections">
      <EmptyState title="No sessions" icon="connections" />
    </Screen>
  );
}
