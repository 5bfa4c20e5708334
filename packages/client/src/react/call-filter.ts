/** The filter of `useCalls`. */
import type {CallStatus} from '@hookswitch/protocol';
import type {CallState} from '../client-api.ts';

/** All given fields must match. */
export interface CallFilter {
  readonly status?: CallStatus | readonly CallStatus[] | undefined;
  /** `outbound` includes every call that is not inbound, such as the legs of a call. */
  readonly direction?: 'inbound' | 'outbound' | undefined;
  /** The user who placed the call. */
  readonly user?: string | undefined;
  /** `none`: only calls that are not legs. A call sid: only the legs of that call. */
  readonly parent?: string | undefined;
  /** Part of a number, the sid or a metadata value. Ignores case, and spaces in a number. */
  readonly text?: string | undefined;
}

/** Whether the call matches the filter. */
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
