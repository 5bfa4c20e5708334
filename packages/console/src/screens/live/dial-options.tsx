/** The further options of the dial form. */
import {TextField} from '../../design/text-field.tsx';
import type {DialFaults, DialInput} from './dial-request.ts';
import styles from './live.module.css';
import {TextArea} from './text-area.tsx';

export interface DialOptionsProps {
  readonly input: DialInput;
  readonly faults: DialFaults;
  /** The gateway's number, the default caller. */
  readonly phoneNumber: string;
  readonly change: (field: keyof DialInput) => (value: string) => void;
}

export function DialOptions({input, faults, phoneNumber, change}: DialOptionsProps) {
  return (
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
  );
}
