import {EmptyState} from '../../design/states.tsx';
import {Screen} from '../../shell/screen.tsx';

export default function WebhooksScreen() {
  return (
    <Screen title="Webhooks">
      <EmptyState title="Nothing has come in yet" icon="webhook" />
    </Screen>
  );
}
