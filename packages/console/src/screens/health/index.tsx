import {EmptyState} from '../../design/states.tsx';
import {Screen} from '../../shell/screen.tsx';

export default function HealthScreen() {
  return (
    <Screen title="Health">
      <EmptyState title="No checks yet" icon="health" />
    </Screen>
  );
}
