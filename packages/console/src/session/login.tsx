/** The page without a session: the login form, or a progress message. */
import {useId, useRef, useState} from 'react';
import {Button} from '../design/button.tsx';
import {classes} from '../design/classes.ts';
import {TextField} from '../design/text-field.tsx';
import {useLocalNow} from '../design/use-now.ts';
import {useTitle} from '../shell/use-title.ts';
import styles from './login.module.css';
import type {SessionState} from './session.ts';

export interface LoginProps {
  readonly state: Exclude<SessionState, {phase: 'open'}>;
  readonly onKey: (key: string) => void;
  readonly onRetry: () => void;
  readonly onSignOut: () => void;
}

export function Login({state, onKey, onRetry, onSignOut}: LoginProps) {
  // The key is known already, so the form would only flash up.
  const isQuiet = state.phase === 'opening' && !state.entered;
  useTitle(isQuiet ? 'Opening…' : 'Sign in');
  return (
    <main className={classes(styles.page, isQuiet && styles.quiet)}>
      <div className={styles.card}>
        <h1 className={styles.brand}>
          <img src="icon.svg" alt="" width="28" height="28" />
          Hookswitch
        </h1>
        {state.phase === 'unreachable' ? (
          <Unreachable state={state} onRetry={onRetry} onSignOut={onSignOut} />
        ) : isQuiet ? (
          <p role="status" className={styles.hint}>
            Opening…
          </p>
        ) : (
          <KeyForm
            busy={state.phase === 'opening'}
            onKey={onKey}
            {...(state.phase === 'signed-out' && state.reason !== undefined ? {reason: state.reason} : {})}
          />
        )}
      </div>
    </main>
  );
}

interface KeyFormProps {
  readonly busy: boolean;
  readonly reason?: string;
  readonly onKey: (key: string) => void;
}

function KeyForm({busy, reason, onKey}: KeyFormProps) {
  const [key, setKey] = useState('');
  const [missing, setMissing] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const hint = useId();
  const error = missing ? 'Enter the key.' : reason;
  return (
    <form
      className={styles.form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        const entered = key.trim();
        setMissing(entered === '');
        if (entered === '') input.current?.focus();
        else if (!busy) onKey(entered);
      }}
    >
      <p id={hint} className={styles.hint}>
        The gateway prints the access key at its start, and stores it next to its database.
      </p>
      <TextField
        label="Access key"
        type="password"
        autoComplete="current-password"
        autoFocus
        mono
        inputRef={input}
        value={key}
        onChange={setKey}
        error={busy ? undefined : error}
        describedBy={hint}
      />
      <Button type="submit" variant="primary" busy={busy}>
        {busy ? 'Opening…' : 'Open the console'}
      </Button>
      <p className={styles.hint}>
        This browser keeps the key only while a tab of the console is open, and shares it with the console’s
        other tabs. “Sign out” ends all of them.
      </p>
    </form>
  );
}

interface UnreachableProps extends Pick<LoginProps, 'onRetry' | 'onSignOut'> {
  readonly state: Extract<SessionState, {phase: 'unreachable'}>;
}

function Unreachable({state, onRetry, onSignOut}: UnreachableProps) {
  const seconds = Math.max(0, Math.ceil((state.retryAt - useLocalNow()) / 1000));
  return (
    <div className={styles.form}>
      <p role="alert">{state.error.message}</p>
      <p className={styles.hint}>Retrying {seconds === 0 ? 'now' : `in ${seconds} s`}. Your key is kept.</p>
      <Button variant="primary" onPress={onRetry}>
        Retry now
      </Button>
      <Button variant="quiet" onPress={onSignOut}>
        Use another key
      </Button>
    </div>
  );
}
