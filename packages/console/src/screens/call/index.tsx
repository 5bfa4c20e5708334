import {EmptyState} from '../../design/states.tsx';
import {Screen} from '../../shell/screen.tsx';

export interface CallScreenProps {
  readonly callSid: string;
}

export default function CallScreen({callSid}: CallScreenProps) {
  return (
    <Screen title="Call" documentTitle={`Call ${callSid}`}>
      <EmptyState title={callSid} icon="phone" />
    </Screen>
  );
}
