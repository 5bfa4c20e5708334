/** A webhook's fields are kept beside its event: only a history reads them. */
import type {CallEvent, StatusEvent} from './call-event.ts';

/** The event as it is stored beside its parameters; keys that hold `undefined` are gone, as after a read. */
export function withoutParameters(event: CallEvent): CallEvent {
  const {parameters: _, ...bare} = event as Partial<StatusEvent>;
  for (const [name, value] of Object.entries(bare))
    if (value === undefined) delete bare[name as keyof typeof bare];
  return bare as CallEvent;
}

/** The parameters as JSON, where the event has any. */
export function parametersJson(event: CallEvent): string | undefined {
  return event.kind === 'status' && event.parameters !== undefined
    ? JSON.stringify(event.parameters)
    : undefined;
}
