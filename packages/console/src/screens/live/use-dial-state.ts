/** The state of the dial form, and the request that places the call. */
import {HookswitchError, type PlaceCallRequest} from '@hookswitch/client';
import {useRef, useState} from 'react';
import {randomKey} from '../../api/random-key.ts';
import {maskNumber} from '../../design/mask-number.ts';
import {useClient} from '../../session/session-context.ts';
import {
  type DialFaults,
  type DialInput,
  emptyDialInput,
  faultsOf,
  type NumberReader,
  readDialInput,
} from './dial-request.ts';

/** Kept for the tab only, because called numbers are private. */
const LAST_NUMBER = 'hookswitch.last-number';

export interface DialStateOptions {
  readonly wanted: string | undefined;
  readonly numbers: Promise<NumberReader | undefined>;
  readonly onPlaced: (callSid: string) => void;
}

export function useDialState({wanted, numbers, onPlaced}: DialStateOptions) {
  const place = usePlace();
  const [input, setInput] = useState<DialInput>(() => ({...emptyDialInput, to: wanted ?? lastNumber()}));
  const [faults, setFaults] = useState<DialFaults>({});
  const [note, setNote] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [isOpen, setOpen] = useState(false);

  const change = (field: keyof DialInput) => (value: string) => {
    setInput((known) => ({...known, [field]: value}));
    setNote('');
    if (faults[field] !== undefined) setFaults((known) => ({...known, [field]: undefined}));
  };
  const refuse = (found: DialFaults) => {
    setNote('');
    setFaults(found);
    setOpen((was) => was || isFolded(found));
  };
  const submit = async () => {
    setBusy(true);
    try {
      const read = readDialInput(input, await numbers);
      if (read.kind === 'faults') return refuse(read.faults);
      const {to} = read.request;
      setFaults({});
      setNote(`Calling ${maskNumber(to)}…`);
      const callSid = await place(read.request);
      rememberNumber(to);
      setNote(`Call to ${maskNumber(to)} placed.`);
      onPlaced(callSid);
    } catch (thrown) {
      refuse(refusal(thrown));
    } finally {
      setBusy(false);
    }
  };
  return {input, setInput, faults, note, isBusy, isOpen, setOpen, change, submit};
}

/** Places a call. The repeat of a request with an unknown outcome uses the same key, so that it never dials twice. */
function usePlace(): (request: PlaceCallRequest) => Promise<string> {
  const client = useClient();
  const open = useRef<{readonly body: string; readonly key: string}>(undefined);
  return async (request) => {
    const body = JSON.stringify(request);
    const key = open.current?.body === body ? open.current.key : randomKey();
    open.current = {body, key};
    try {
      const {callSid} = await client.place(request, {idempotencyKey: key});
      open.current = undefined;
      return callSid;
    } catch (thrown) {
      if (!isOutcomeOpen(thrown)) open.current = undefined;
      throw thrown;
    }
  };
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
