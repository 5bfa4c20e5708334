/** The form that places a call: a field for the number, and further options that are hidden at first. */
import {type Ref, useEffect, useMemo, useRef, useState} from 'react';
import {Button} from '../../design/button.tsx';
import {TextField} from '../../design/text-field.tsx';
import {useInfo} from '../../session/session-context.ts';
import {DialOptions} from './dial-options.tsx';
import {dialFields, type NumberReader} from './dial-request.ts';
import styles from './live.module.css';
import {useDialState} from './use-dial-state.ts';

export interface DialFormProps {
  readonly inputRef: Ref<HTMLInputElement>;
  /** The number to call, from the URL. */
  readonly wanted: string | undefined;
  /** The call has been created. Its first message may arrive later. */
  readonly onPlaced: (callSid: string) => void;
  /** While the page is not live, no calls can be placed, because their progress would not be shown. */
  readonly isLive: boolean;
}

export function DialForm({inputRef, wanted, onPlaced, isLive}: DialFormProps) {
  const {phoneNumber} = useInfo();
  const {numbers, readNumber} = useNumberReader();
  const dial = useDialState({wanted, numbers, onPlaced});
  const {input, setInput, faults, isOpen} = dial;
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (wanted !== undefined && wanted !== '') setInput((known) => ({...known, to: wanted}));
  }, [wanted, setInput]);
  useEffect(() => {
    const first = dialFields.find((field) => faults[field] !== undefined);
    if (first === undefined) return;
    form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [faults]);
  return (
    <form
      ref={form}
      className={styles.dial}
      aria-label="Place a call"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        // A second press during a request is not a second call.
        if (!dial.isBusy && isLive) void dial.submit();
      }}
    >
      <DialLine dial={dial} inputRef={inputRef} isLive={isLive} readNumber={readNumber} />
      {faults.form !== undefined && (
        <p role="alert" className={styles.error}>
          {faults.form}
        </p>
      )}
      {isOpen && <DialOptions input={input} faults={faults} phoneNumber={phoneNumber} change={dial.change} />}
    </form>
  );
}

interface DialLineProps extends Pick<DialFormProps, 'inputRef' | 'isLive'> {
  readonly dial: ReturnType<typeof useDialState>;
  readonly readNumber: NumberReader | undefined;
}

function DialLine({dial, inputRef, isLive, readNumber}: DialLineProps) {
  const {input, faults, note, isBusy, isOpen, setOpen, change} = dial;
  return (
    <div className={styles['dial-line']}>
      <TextField
        label="Call"
        className={styles.to ?? ''}
        type="tel"
        mono
        placeholder="+15550100001"
        keys="d"
        inputRef={inputRef}
        value={input.to}
        onChange={change('to')}
        error={faults.to}
      />
      <div className={styles['dial-buttons']}>
        <Button type="submit" variant="primary" busy={isBusy} disabled={!isLive}>
          {isBusy ? 'Calling…' : 'Call'}
        </Button>
        <Button variant="quiet" expanded={isOpen} onPress={() => setOpen(!isOpen)}>
          {isOpen ? 'Fewer options' : 'More options'}
        </Button>
      </div>
      <p className={styles['dial-note']} role="status">
        {isLive
          ? note || readingOf(input.to, readNumber)
          : 'You can place calls again when this page is live.'}
      </p>
    </div>
  );
}

/** How the number was interpreted, if that differs from the typed text. */
function readingOf(text: string, readNumber: NumberReader | undefined): string {
  const read = readNumber?.(text);
  return read?.kind === 'number' && read.value !== text.trim() ? `Calls ${read.shown}` : '';
}

function useNumberReader() {
  const {phoneNumber, simulated} = useInfo();
  const numbers = useMemo(() => loadNumberReader(phoneNumber, simulated), [phoneNumber, simulated]);
  const [readNumber, setReader] = useState<NumberReader>();
  useEffect(() => void numbers.then((loaded) => setReader(() => loaded)), [numbers]);
  return {numbers, readNumber};
}

/** If the numbering plans cannot be loaded, only the gateway validates the number. */
function loadNumberReader(ownNumber: string, simulated: boolean): Promise<NumberReader | undefined> {
  return import('./phone-numbers.ts').then(
    ({createNumberReader}) => createNumberReader({ownNumber, simulated}),
    () => undefined,
  );
}
