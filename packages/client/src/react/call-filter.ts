/** Which calls are asked for. */
import type {CallStatus} from '@hookswitch/protocol';
import type {CallState} from '../client-api.ts';

/** Every field that is given must match. */
export interface CallFilter {
  readonly status?: CallStatus | readonly CallStatus[] | undefined;
  /** Outbound: everything that did not come in, legs included. */
  readonly direction?: 'inbound' | 'outbound' | undefined;
  /** Calls this user has started. */
  readonly user?: string | undefined;
  /** `none`: no legs; a sid: the legs of that call. */
  readonly parent?: string | undefined;
  /** Part of a number, of the sid, or of a text in the metadata; case does not matter, nor do spaces in a number. */
  readonly text?: string | undefined;
}

/** Whether the call is one of those that `filter` asks for. */
export function matchesFilter(call: CallState, filter: CallFilter): boolean {
  const {status, direction, user, parent, text} = filter;
  if (
    status !== undefined &&
    !(typeof status === 'string' ? status === call.status : status.includes(call.status))
  )
    return false;
  if (direction !== undefined && (direction === 'inbound') !== (call.direction === 'inbound')) return false;
  if (user !== undefined && call.user !== user) return false;
  if (parent !== undefined && (call.parentCallSid ?? 'none') !== parent) return false;
  return text === undefined || mentions(call, text);
}

function mentions({callSid, from, to, metadata = {}}: CallState, text: string): boolean {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return true;
  const number = wanted.replace(/[\s().-]/g, '');
  return (
    callSid.toLowerCase().startsWith(wanted) ||
    [from, to].some((party) => party.toLowerCase().includes(number === '' ? wanted : number)) ||
    Object.values(metadata).some((value) => String(value).toLowerCase().includes(wanted))
  );
}
