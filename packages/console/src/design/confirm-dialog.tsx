/** Asks for confirmation of an irreversible action. Enter confirms, Escape cancels. */
import {type ReactNode, useState} from 'react';
import {Button} from './button.tsx';
import styles from './dialog.module.css';
import {Dialog} from './dialog.tsx';
import fieldStyles from './field.module.css';

export interface ConfirmDialogProps {
  readonly open: boolean;
  readonly onClose: () => void;
  /** A question. */
  readonly title: string;
  /** The consequences. */
  readonly children: ReactNode;
  /** The verb on the button. */
  readonly confirm: string;
  /**
   * The dialog closes when this resolves. If it rejects, the dialog shows the error and stays open for a
   * retry.
   */
  readonly onConfirm: () => unknown;
  /** @default true */
  readonly danger?: boolean;
}

export function ConfirmDialog({
  open,
  onClose,
  title,
  children,
  confirm,
  onConfirm,
  danger = true,
}: ConfirmDialogProps) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const close = () => {
    setError(undefined);
    onClose();
  };
  const act = async () => {
    setBusy(true);
    setError(undefined);
    try {
      await onConfirm();
      close();
    } catch (thrown) {
      setError(thrown instanceof Error ? thrown.message : String(thrown));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog
      open={open}
      onClose={close}
      title={title}
      role="alertdialog"
      actions={
        <>
          <Button onPress={close} keys="Escape">
            Cancel
          </Button>
          <Button
            variant={danger ? 'danger-solid' : 'primary'}
            autoFocus
            busy={busy}
            onPress={() => void act()}
            keys="Enter"
          >
            {confirm}
          </Button>
        </>
      }
    >
      <div className={styles.text}>{children}</div>
      {error !== undefined && (
        <p role="alert" className={fieldStyles.error}>
          {error}
        </p>
      )}
    </Dialog>
  );
}
