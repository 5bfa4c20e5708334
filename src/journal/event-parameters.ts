/** A webhook's fields are kept beside its event: only a history reads them. */
import type {CallEvent} from './call-event.ts';

/** The event as it is stored beside its parameters; keys that hold `undefined` are gone, as after a read. */
export function withoutParameters(event: CallEvent): CallEvent {
  // Copied, not deleted: an object that something was deleted from is slow wherever it goes.
  const bare: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(event))
    if (value !== undefined && name !== 'parameters') bare[name] = value;
  return bare as unknown as CallEvent;
}

/** The parameters as JSON, where the event has any. */
export function parametersJson(event: CallEvent): string | undefined {
  return event.kind === 'status' && event.parameters !== undefined
    ? JSON.stringify(event.parameters)
    : undefined;
}
