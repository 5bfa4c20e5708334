/**
 * One end of a call: a number or name that a stranger chose. Masked, rendered as text and limited in length.
 */
import {Phone} from '../design/phone.tsx';
import {visibleText} from '../design/visible-text.ts';
import styles from './party.module.css';

export interface PartyProps {
  readonly party: string;
  /** Without the button, for use inside a link or another button. */
  readonly plain?: boolean;
}

export function Party({party, plain = false}: PartyProps) {
  if (party === '') return <span className={styles.unknown}>unknown</span>;
  return (
    // Right-to-left text must not change the order of its surroundings.
    <bdi className={styles.party}>
      <Phone number={partyText(party)} plain={plain} />
    </bdi>
  );
}

/** The text that {@link Party} shows when revealed, which is also the key for revealing it. */
export function partyText(party: string): string {
  return visibleText(party, 80);
}
