/** Who is at one end of a call: a number or a name that a stranger chose, masked, as text, and no longer than its place. */
import {Phone} from '../design/phone.tsx';
import {visibleText} from '../design/visible-text.ts';
import styles from './party.module.css';

export interface PartyProps {
  readonly party: string;
  /** Without the button: inside of a link or another button. */
  readonly plain?: boolean;
}

export function Party({party, plain = false}: PartyProps) {
  if (party === '') return <span className={styles.unknown}>unknown</span>;
  return (
    // Whichever way it is written, it turns nothing around it.
    <bdi className={styles.party}>
      <Phone number={partyText(party)} plain={plain} />
    </bdi>
  );
}

/** As {@link Party} shows it once it is revealed, and by which it is revealed. */
export function partyText(party: string): string {
  return visibleText(party, 80);
}
