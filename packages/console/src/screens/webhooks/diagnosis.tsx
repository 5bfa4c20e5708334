/** Explains a signature mismatch: the finding, the setting to change, and all candidates that were tried. */
import type {SignatureDiagnosis} from '@hookswitch/protocol';
import {Badge} from '../../design/badge.tsx';
import {CopyButton} from '../../design/copy-button.tsx';
import {Cell, HeadCell, Row, Table} from '../../design/table.tsx';
import {visibleText} from '../../design/visible-text.ts';
import {MaskedText} from './masked-text.tsx';
import {isVariable, maskedText} from './webhook-labels.ts';
import styles from './webhooks.module.css';

export function Diagnosis({diagnosis}: {readonly diagnosis: SignatureDiagnosis}) {
  const {finding, remedy, setting, expectedUrl, candidates} = diagnosis;
  return (
    <section className={styles.diagnosis} aria-label="Reason for the refusal">
      <h3>{maskedText(visibleText(finding, 4096))}</h3>
      <p>{visibleText(remedy, 1024)}</p>
      {setting !== undefined && <Setting setting={setting} />}
      <p className={styles.expected}>
        <span className={styles.quiet}>Expected</span>
        <code>
          <MaskedText text={expectedUrl} />
        </code>
        <CopyButton text={expectedUrl} label="Copy the expected URL" />
      </p>
      {candidates.length > 0 && <Candidates candidates={candidates} />}
    </section>
  );
}

/** The setting as a line of the environment, or as a field of the Twilio console. */
function Setting({setting: {name, value}}: {readonly setting: NonNullable<SignatureDiagnosis['setting']>}) {
  if (!isVariable(name)) {
    return (
      <div className={styles.setting}>
        <span className={styles.quiet}>{visibleText(name)}</span>
        {value !== undefined && (
          <span className={styles.line}>
            <code>{visibleText(value, 2048)}</code>
            <CopyButton text={value} label="Copy the value" />
          </span>
        )}
      </div>
    );
  }
  const line = `${name}=${value ?? ''}`;
  return (
    <div className={styles.setting}>
      <span className={styles.quiet}>
        {value === undefined ? 'Check this setting' : 'Change this setting'}
      </span>
      <span className={styles.line}>
        <code>
          {name}={value === undefined ? <span className={styles.quiet}>…</span> : visibleText(value, 2048)}
        </code>
        <CopyButton text={line} label={`Copy ${line}`} />
      </span>
    </div>
  );
}

type Candidate = SignatureDiagnosis['candidates'][number];

function Candidates({candidates}: {readonly candidates: readonly Candidate[]}) {
  const matching = candidates.filter(({matches}) => matches);
  const others = candidates.filter(({matches}) => !matches);
  const tokens = new Set(candidates.map(({token}) => token)).size;
  return (
    <details className={styles.tried} open>
      <summary>
        {candidates.length} {candidates.length === 1 ? 'variant was' : 'variants were'} tried
        {tokens > 1 && ' with two tokens'}, {matching.length === 0 ? 'none' : matching.length} of them{' '}
        {matching.length > 1 ? 'match' : 'matches'}
      </summary>
      {/* It scrolls, so the keyboard must be able to focus it. */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: see above */}
      <section className={styles.frame} tabIndex={0} aria-label="Candidates">
        <Table label="Candidates">
          <thead>
            <tr>
              <HeadCell width="6rem">Signature</HeadCell>
              <HeadCell>URL</HeadCell>
              <HeadCell width="13rem">Differs by</HeadCell>
              {tokens > 1 && <HeadCell width="5.5rem">Token</HeadCell>}
            </tr>
          </thead>
          <tbody>
            {[...matching, ...others].map((candidate, index) => (
              // The same URL is tried with several bodies.
              <Row key={index} muted={!candidate.matches} data-matches={candidate.matches || undefined}>
                <Cell>
                  {candidate.matches ? (
                    <Badge tone="good">✓ matches</Badge>
                  ) : (
                    <span className={styles.quiet}>no</span>
                  )}
                </Cell>
                <Cell stacked="grow">
                  <code className={styles.url}>
                    <MaskedText text={candidate.url} plain />
                  </code>
                </Cell>
                <Cell>{maskedText(visibleText(candidate.difference, 300))}</Cell>
                {tokens > 1 && <Cell>{candidate.token}</Cell>}
              </Row>
            ))}
          </tbody>
        </Table>
      </section>
    </details>
  );
}
