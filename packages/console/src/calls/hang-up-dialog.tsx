/** Asks before a call is ended. What becomes of it is shown where the call is. */
import type {Call} from '@hookswitch/protocol';
import {ConfirmDialog} from '../design/confirm-dialog.tsx';
import {Party} from './party.tsx';
import {useHangUps} from './use-hang-ups.ts';

export interface HangUpDialogProps {
  /** The call to end; none is a dialog that is closed. */
  readonly call: Pick<Call, 'callSid' | 'from' | 'to' | 'status'> | undefined;
  readonly onClose: () => void;
}

export function HangUpDialog({call, onClose}: HangUpDialogProps) {
  const hangUps = useHangUps();
  return (
    <ConfirmDialog
      open={call !== undefined}
      onClose={onClose}
      title="Hang up this call?"
      confirm="Hang up"
      onConfirm={() => {
        if (call !== undefined) void hangUps.ask(call.callSid);
      }}
    >
      {call !== undefined && (
        <p>
          <Party party={call.from} plain /> → <Party party={call.to} plain />
          {call.status === 'in-progress' ? ' are talking.' : ' has not been answered yet.'} It ends for
          everybody.
        </p>
      )}
    </ConfirmDialog>
  );
}
