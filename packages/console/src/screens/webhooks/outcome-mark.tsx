/** What became of a webhook as shape, word and colour. */
import type {WebhookRecord} from '@hookswitch/protocol';
import {outcomeWords} from './webhook-words.ts';
import styles from './webhooks.module.css';

export function OutcomeMark({outcome}: {readonly outcome: WebhookRecord['outcome']}) {
  return (
    <span className={styles.mark} data-outcome={outcome}>
      <OutcomeShape outcome={outcome} />
      {outcomeWords[outcome]}
    </span>
  );
}

export function OutcomeShape({outcome}: {readonly outcome: WebhookRecord['outcome']}) {
  return (
    <svg
      width="12"
      height="12"
      viewBox="0 0 12 12"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.75"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {shapes[outcome]}
    </svg>
  );
}

const shapes: Readonly<Record<WebhookRecord['outcome'], React.ReactNode>> = {
  accepted: <path d="m1.75 6.5 2.75 2.75 5.75-6.5" />,
  refused: (
    <>
      <circle cx="6" cy="6" r="4.75" strokeWidth="1.5" />
      <path d="m2.9 2.9 6.2 6.2" strokeWidth="1.5" />
    </>
  ),
  failed: <path d="M6 1.25v5.5M6 10.5v.1" strokeWidth="2" />,
};
