/** Asks for confirmation before a call is ended. The outcome is shown where the call is. */
import type {Call} from '@hookswitch/protocol';
import {ConfirmDialog} from '../design/confirm-dialog.tsx';
import {statusWord} from '../design/status-labels.ts';
import {Time} from '../design/time.tsx';
import {isInbound} from './call-labels.ts';
import {Party} from './party.tsx';
import {useHangUps} from './use-hang-ups.ts';

type AskedCall = Pick<Call, 'callSid' | 'from' | 'to' | 'status' | 'direction'>;

export interface HangUpDialogProps {
  /** The call to end, with its current state. `undefined` closes the dialog. */
  readonly call: AskedCall | undefined;
  /** ISO 8601, while the state has lasted longer than usual without confirmation. */
  readonly unconfirmedSince: string | undefined;
  readonly onClose: () => void;
}

export function HangUpDialog({call, unconfirmedSince, onClose}: HangUpDialogProps) {
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
          <Party party={call.from} plain /> → <Party party={call.to} plain />{' '}
          <CallState call={call} unconfirmedSince={unconfirmedSince} /> Hanging up ends the call for
          everybody.
        </p>
      )}
    </ConfirmDialog>
  );
}

interface CallStateProps {
  readonly call: AskedCall;
  readonly unconfirmedSince: string | undefined;
}

/** The answer of an inbound call may not be reported, so the gateway cannot tell whether it still rings. */
function CallState({call: {status, direction}, unconfirmedSince}: CallStateProps) {
  const word = statusWord(status).toLowerCase();
  if (unconfirmedSince !== undefined) {
    return (
      <>
        was {word} when last checked. This is not confirmed since{' '}
        <Time at={unconfirmedSince} format="clock" />.
      </>
    );
  }
  if (status === 'in-progress') return 'is in progress.';
  if (isInbound(direction)) return `was still ${word} when last checked. Somebody may be talking by now.`;
  return 'has not been answered yet.';
}
