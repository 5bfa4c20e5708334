import {EmptyState} from '../../design/states.tsx';
import {Screen} from '../../shell/screen.tsx';

export default function LiveScreen() {
  return (
    <Screen title="Live calls">
      <EmptyState title="No calls in progress" icon="phone" />
    </Screen>
  );
}
