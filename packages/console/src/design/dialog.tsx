/** A modal dialog: traps the focus and returns it when it closes. Escape and a press outside close it. */
import type {ReactNode} from 'react';
import {Dialog as AriaDialog} from 'react-aria-components/Dialog';
import {Heading} from 'react-aria-components/Heading';
import {Modal, ModalOverlay} from 'react-aria-components/Modal';
import {classes} from './classes.ts';
import styles from './dialog.module.css';

export interface DialogProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: string;
  readonly children: ReactNode;
  /** Wide enough for a table. */
  readonly wide?: boolean;
  /** @default 'dialog' */
  readonly role?: 'dialog' | 'alertdialog';
  /** Buttons; the confirming one comes last. */
  readonly actions?: ReactNode;
}

export function Dialog({
  open,
  onClose,
  title,
  children,
  wide = false,
  role = 'dialog',
  actions,
}: DialogProps) {
  return (
    <ModalOverlay
      isOpen={open}
      onOpenChange={(isOpen) => !isOpen && onClose()}
      isDismissable
      className={styles.overlay}
    >
      <Modal className={classes(styles.modal, wide && styles.wide)}>
        <AriaDialog role={role} className={styles.dialog}>
          <Heading slot="title" level={2} className={styles.title}>
            {title}
          </Heading>
          {children}
          {actions !== undefined && <div className={styles.actions}>{actions}</div>}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}
