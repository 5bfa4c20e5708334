/** The message for a command that failed. Pure. */

/** The fields of an error that are used here. */
export interface Refusal {
  readonly message: string;
  readonly context: Readonly<Record<string, unknown>>;
  readonly whatToDo?: string;
}

/**
 * The error, then what to do. A Twilio error gets a link to Twilio's page about it, because its code is only
 * in the context.
 */
export function refusalLabels({message, context, whatToDo = ''}: Refusal): string {
  const {providerCode} = context;
  const advice =
    typeof providerCode === 'number'
      ? `Twilio’s code is ${providerCode}: www.twilio.com/docs/errors/${providerCode}`
      : whatToDo;
  // Twilio's own texts may lack the full stop.
  const said = advice === '' || /[.!?]$/.test(message) ? message : `${message}.`;
  return [said, advice].filter((words) => words !== '').join(' ');
}
