/** What went wrong with a command, in words for whoever gave it. Pure. */

/** Of an error, so much as is looked at. */
export interface Refusal {
  readonly message: string;
  readonly context: Readonly<Record<string, unknown>>;
  readonly whatToDo?: string;
}

/** The refusal, then what to do: of Twilio's own, where to read about it, since programs alone see the context. */
export function refusalLabels({message, context, whatToDo = ''}: Refusal): string {
  const {providerCode} = context;
  const advice =
    typeof providerCode === 'number'
      ? `Twilio’s code is ${providerCode}: www.twilio.com/docs/errors/${providerCode}`
      : whatToDo;
  // Twilio's own words may come without a full stop.
  const said = advice === '' || /[.!?]$/.test(message) ? message : `${message}.`;
  return [said, advice].filter((words) => words !== '').join(' ');
}
