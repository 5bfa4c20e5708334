/** The form that places a call: a field for the number, and further options that are hidden at first. */
import {HookswitchError} from '@hookswitch/client';
import {type Ref, useEffect, useMemo, useRef, useState} from 'react';
import {randomKey} from '../../api/random-key.ts';
import {Button} from '../../design/button.tsx';
import {maskNumber} from '../../design/mask-number.ts';
import {TextField} from '../../design/text-field.tsx';
import {useClient, useInfo} from '../../session/session-context.ts';
import {
  type DialFaults,
  type DialInput,
  dialFields,
  emptyDialInput,
  faultsOf,
  type NumberReader,
  readDialInput,
} from './dial-request.ts';
import styles from './live.module.css';
import {TextArea} from './text-area.tsx';

export interface DialFormProps {
  readonly inputRef: Ref<HTMLInputElement>;
  /** The number to call, from the URL. */
  readonly wanted: string | undefined;
  /** The call has been created. Its first message may arrive later. */
  readonly onPlaced: (callSid: string) => void;
  /** While the page is not live, no calls can be placed, because their progress would not be shown. */
  readonly isLive: boolean;
}

/** Kept for the tab only, because called numbers are private. */
const LAST_NUMBER = 'hookswitch.last-number';

export function DialForm({inputRef, wanted, onPlaced, isLive}: DialFormProps) {
  const client = useClient();
  const {phoneNumber, simulated} = useInfo();
  const numbers = useMemo(() => loadNumberReader(phoneNumber, simulated), [phoneNumber, simulated]);
  const [readNumber, setReader] = useState<NumberReader>();
  const [input, setInput] = useState<DialInput>(() => ({...emptyDialInput, to: wanted ?? lastNumber()}));
  const [faults, setFaults] = useState<DialFaults>({});
  const [note, setNote] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [isOpen, setOpen] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  /** A request with an unknown outcome. Its repeat uses the same key, so that it never dials twice. */
  const open = useRef<{readonly body: string; readonly key: string}>(undefined);

  useEffect(() => void numbers.then((loaded) => setReader(() => loaded)), [numbers]);
  useEffect(() => {
    if (wanted !== undefined && wanted !== '') setInput((known) => ({...known, to: wanted}));
  }, [wanted]);
  useEffect(() => {
    const first = dialFields.find((field) => faults[field] !== undefined);
    if (first === undefined) return;
    form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [faults]);

  const change = (field: keyof DialInput) => (value: string) => {
    setInput((known) => ({...known, [field]: value}));
    setNote('');
    if (faults[field] !== undefined) setFaults((known) => ({...known, [field]: undefined}));
  };

  const submit = async () => {
    // A second press during a request is not a second call.
    if (isBusy || !isLive) return;
    setBusy(true);
    const wish = readDialInput(input, await numbers);
    if (wish.kind === 'faults') {
      setBusy(false);
      setFaults(wish.faults);
      setOpen((was) => was || isFolded(wish.faults));
      return;
    }
    const {request} = wish;
    const body = JSON.stringify(request);
    const key = open.current?.body === body ? open.current.key : randomKey();
    open.current = {body, key};
    setFaults({});
    setNote(`Calling ${maskNumber(request.to)}…`);
    try {
      const {callSid} = await client.place(request, {idempotencyKey: key});
      open.current = undefined;
      rememberNumber(request.to);
      setNote(`Call to ${maskNumber(request.to)} placed.`);
      onPlaced(callSid);
    } catch (thrown) {
      const found = refusal(thrown);
      if (!isOutcomeOpen(thrown)) open.current = undefined;
      setNote('');
      setFaults(found);
      setOpen((was) => was || isFolded(found));
    } finally {
      setBusy(false);
    }
  };

  return (
    <form
      ref={form}
      className={styles.dial}
      aria-label="Place a call"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
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
      {faults.form !== undefined && (
        <p role="alert" className={styles.error}>
          {faults.form}
        </p>
      )}
      {isOpen && (
        <div className={styles.more}>
          <TextField
            label="From"
            type="tel"
            mono
            placeholder={phoneNumber}
            hint="A number of the account. Default: the gateway’s number."
            value={input.from}
            onChange={change('from')}
            error={faults.from}
          />
          <TextField
            label="Connect to"
            type="tel"
            mono
            placeholder="+15550100002"
            hint="Dialed when the first party answers."
            value={input.connectTo}
            onChange={change('connectTo')}
            error={faults.connectTo}
          />
          <TextArea
            label="TwiML"
            placeholder="<Response><Say>Hello</Say></Response>"
            hint="Instructions for the call, instead of “Connect to”."
            value={input.twiml}
            onChange={change('twiml')}
            error={faults.twiml}
          />
          <TextArea
            label="Metadata"
            placeholder={'ticket = T-4711\nagent = ada'}
            hint="One per line, returned with the call."
            value={input.metadata}
            onChange={change('metadata')}
            error={faults.metadata}
          />
        </div>
      )}
    </form>
  );
}

/** How the number was interpreted, if that differs from the typed text. */
function readingOf(text: string, readNumber: NumberReader | undefined): string {
  const read = readNumber?.(text);
  return read?.kind === 'number' && read.value !== text.trim() ? `Calls ${read.shown}` : '';
}

/** If the numbering plans cannot be loaded, only the gateway validates the number. */
function loadNumberReader(ownNumber: string, simulated: boolean): Promise<NumberReader | undefined> {
  return import('./phone-numbers.ts').then(
    ({createNumberReader}) => createNumberReader({ownNumber, simulated}),
    () => undefined,
  );
}

/** Whether a hidden option has an error. */
function isFolded({from, connectTo, twiml, metadata}: DialFaults): boolean {
  return [from, connectTo, twiml, metadata].some((fault) => fault !== undefined);
}

function refusal(thrown: unknown): DialFaults {
  if (!(thrown instanceof HookswitchError)) return {form: 'The call could not be placed. Try again.'};
  return faultsOf(thrown);
}

/** Whether a call may exist. A repeat is safe only with the same key then. */
function isOutcomeOpen(thrown: unknown): boolean {
  if (!(thrown instanceof HookswitchError)) return true;
  const {status} = thrown;
  return status === undefined || status >= 500;
}

function lastNumber(): string {
  try {
    return sessionStorage.getItem(LAST_NUMBER) ?? '';
  } catch {
    return '';
  }
}

function rememberNumber(number: string): void {
  try {
    sessionStorage.setItem(LAST_NUMBER, number);
  } catch {}
}
