/**
 * Text from outside, such as a URL, rendered as text. Its phone numbers are masked until the user reveals
 * them.
 */
import {IconButton} from '../../design/button.tsx';
import {Icon} from '../../design/icon.tsx';
import {toggleRevealed, useRevealed} from '../../design/phone.tsx';
import {visibleText} from '../../design/visible-text.ts';
import {holdsNumber, maskedText} from './webhook-labels.ts';
import styles from './webhooks.module.css';

export interface MaskedTextProps {
  readonly text: string;
  /** @default 2048 */
  readonly maxLength?: number;
  /** Without the button. */
  readonly plain?: boolean;
}

export function MaskedText({text, maxLength = 2048, plain = false}: MaskedTextProps) {
  const shown = visibleText(text, maxLength);
  const isRevealed = useRevealed(shown);
  if (!holdsNumber(shown)) return <bdi className={styles.text}>{shown}</bdi>;
  return (
    <span className={styles.text}>
      <bdi>{isRevealed ? shown : maskedText(shown)}</bdi>
      {!plain && (
        <IconButton
          small
          className={styles.reveal ?? ''}
          label={isRevealed ? 'Hide numbers' : 'Show numbers'}
          onPress={() => toggleRevealed(shown)}
        >
          <Icon name={isRevealed ? 'eye-off' : 'eye'} size={14} />
        </IconButton>
      )}
    </span>
  );
}
