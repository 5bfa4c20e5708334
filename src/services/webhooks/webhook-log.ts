/**
 * The latest requests to the webhook routes, with their outcome. Refused requests leave no trace in the
 * journal, but they explain why no webhooks arrive. The log is only in memory and bounded in number and
 * bytes. Requests that Twilio signed are kept apart from all others, so that a flood of foreign requests
 * cannot displace them. Adding an entry only stores references and a copy of the body, which is parsed when
 * somebody reads the entry.
 */
import type {ProviderStatus, WebhookPage} from '@hookswitch/protocol';

export type WebhookOutcome = 'accepted' | 'refused' | 'failed';

/** A request that has been answered, as received. */
export interface AnsweredWebhook {
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
  readonly tookMs: number;
  readonly route: 'status' | 'voice';
  readonly method: string;
  /** Path and query, raw. */
  readonly path: string;
  readonly remoteAddress: string;
  /** Alternating names (lower case) and values. */
  readonly headers: readonly string[];
  /**
   * One character for each byte; absent if no body was read. A string, unlike a buffer, pins no slab of
   * Node's pool.
   */
  readonly body: string | undefined;
  readonly outcome: WebhookOutcome;
  readonly httpStatus: number;
  /** Twilio signed the request for us. The following fields are known only then. */
  readonly authentic: boolean;
  readonly verdict: 'applied' | 'late' | 'duplicate' | undefined;
  readonly offset: number | undefined;
  readonly callSid: string | undefined;
  readonly providerStatus: ProviderStatus | undefined;
  /** Why the request was refused. */
  readonly reason: string | undefined;
}

export interface WebhookEntry {
  /** Rises in the order of the responses, so that a client that polls with `after` misses no entry. */
  readonly id: number;
  readonly webhook: AnsweredWebhook;
}

export interface WebhookQuery {
  readonly outcome?: WebhookOutcome | undefined;
  /** Start of a call SID, or part of a path, an address, a reason or a phone number. */
  readonly q?: string | undefined;
  /** Exclusive bounds of the ids. */
  readonly after?: number | undefined;
  readonly before?: number | undefined;
  readonly limit: number;
}

export interface FoundWebhooks {
  /** Newest first. */
  readonly entries: readonly WebhookEntry[];
  /** There are older matches. */
  readonly more: boolean;
}

export interface WebhookLogLimits {
  /** Maximum of authentic requests, and of others. @default 1000 */
  readonly maxEntries?: number;
  /** Maximum size of each of the two. @default 4 MiB */
  readonly maxBytes?: number;
}

/** Memory of an entry without its texts: objects, arrays, string headers. */
const ENTRY_BYTES = 600;

export class WebhookLog {
  readonly #authentic: Ring;
  readonly #others: Ring;
  readonly #counts = {accepted: 0, refused: 0, failed: 0};
  #latest = 0;

  constructor({maxEntries = 1000, maxBytes = 4 * 1024 * 1024}: WebhookLogLimits = {}) {
    this.#authentic = new Ring(maxEntries, maxBytes);
    this.#others = new Ring(maxEntries, maxBytes);
  }

  add(webhook: AnsweredWebhook): void {
    this.#latest += 1;
    this.#counts[webhook.outcome] += 1;
    const ring = webhook.authentic ? this.#authentic : this.#others;
    ring.push({id: this.#latest, webhook}, bytesOf(webhook));
  }

  get(id: number): WebhookEntry | undefined {
    return this.#authentic.get(id) ?? this.#others.get(id);
  }

  /** The highest id so far. */
  get latest(): number {
    return this.#latest;
  }

  /** Counts since the start, including entries that are no longer kept. */
  get counts(): WebhookPage['counts'] {
    return {...this.#counts};
  }

  /** The entries in memory. */
  get size(): {readonly entries: number; readonly bytes: number} {
    const rings = [this.#authentic, this.#others];
    return {
      entries: rings.reduce((sum, {size}) => sum + size, 0),
      bytes: rings.reduce((sum, {bytes}) => sum + bytes, 0),
    };
  }

  /** Searches at most all entries in memory. */
  find({outcome, q = '', after = 0, before = Infinity, limit}: WebhookQuery): FoundWebhooks {
    const matches = matcher(q);
    const entries: WebhookEntry[] = [];
    for (const entry of newestFirst(this.#authentic, this.#others)) {
      if (entry.id <= after) break;
      if (entry.id >= before) continue;
      if (outcome !== undefined && entry.webhook.outcome !== outcome) continue;
      if (!matches(entry.webhook)) continue;
      if (entries.length === limit) return {entries, more: true};
      entries.push(entry);
    }
    return {entries, more: false};
  }
}

/** The newest entries within both limits. The ids rise. */
class Ring {
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  /** A circular buffer. The oldest entry is at `#start`. */
  readonly #slots: (WebhookEntry | undefined)[] = [];
  /** The size of the entry in the same slot. */
  readonly #slotBytes: Uint32Array;
  #start = 0;
  #size = 0;
  #bytes = 0;

  constructor(maxEntries: number, maxBytes: number) {
    this.#maxEntries = maxEntries;
    this.#maxBytes = maxBytes;
    this.#slotBytes = new Uint32Array(maxEntries);
  }

  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(entry: WebhookEntry, bytes: number): void {
    while (this.#size > 0 && (this.#size === this.#maxEntries || this.#bytes + bytes > this.#maxBytes))
      this.#dropOldest();
    // An entry that is larger than the whole buffer is counted but not kept.
    if (bytes > this.#maxBytes) return;
    const slot = (this.#start + this.#size) % this.#maxEntries;
    this.#slots[slot] = entry;
    this.#slotBytes[slot] = bytes;
    this.#size += 1;
    this.#bytes += bytes;
  }

  get(id: number): WebhookEntry | undefined {
    for (const entry of this.newestFirst()) if (entry.id <= id) return entry.id === id ? entry : undefined;
    return undefined;
  }

  *newestFirst(): Generator<WebhookEntry, undefined> {
    for (let at = this.#size - 1; at >= 0; at -= 1) {
      const slot = this.#slots[(this.#start + at) % this.#maxEntries];
      if (slot !== undefined) yield slot;
    }
    return undefined;
  }

  #dropOldest(): void {
    this.#bytes -= this.#slotBytes[this.#start] ?? 0;
    this.#slots[this.#start] = undefined;
    this.#start = (this.#start + 1) % this.#maxEntries;
    this.#size -= 1;
  }
}

function* newestFirst(one: Ring, other: Ring): Generator<WebhookEntry> {
  const [left, right] = [one.newestFirst(), other.newestFirst()];
  let [a, b] = [left.next().value, right.next().value];
  while (a !== undefined || b !== undefined) {
    if (b === undefined || (a !== undefined && a.id > b.id)) {
      if (a !== undefined) yield a;
      a = left.next().value;
    } else {
      yield b;
      b = right.next().value;
    }
  }
}

/** An upper estimate. All texts are Latin-1, so one byte per character. */
function bytesOf({path, headers, body = '', reason = ''}: AnsweredWebhook): number {
  let bytes = ENTRY_BYTES + path.length + body.length + reason.length;
  for (let at = 1; at < headers.length; at += 2) bytes += 40 + (headers[at]?.length ?? 0);
  return bytes;
}

const NUMBER_FIELDS = /(?:^|&)(?:From|To|Caller|Called|ForwardedFrom)=([^&]*)/g;

/** Searches raw bodies, because parsing 2,000 forms would block the event loop. */
function matcher(q: string): (webhook: AnsweredWebhook) => boolean {
  const wanted = q.trim().toLowerCase();
  if (wanted === '') return () => true;
  const sid = /^ca[0-9a-f]{0,32}$/.test(wanted) ? `callsid=${wanted}` : undefined;
  const digits = /^[+\d ().-]+$/.test(wanted) ? wanted.replaceAll(/\D/g, '') : '';
  return ({path, remoteAddress, reason, body = ''}) =>
    path.toLowerCase().includes(wanted) ||
    remoteAddress.includes(wanted) ||
    reason?.toLowerCase().includes(wanted) === true ||
    (sid !== undefined && body.toLowerCase().includes(sid)) ||
    (digits !== '' && body.includes(digits) && hasNumber(body, digits));
}

function hasNumber(body: string, digits: string): boolean {
  for (const [, value = ''] of body.matchAll(NUMBER_FIELDS)) if (value.includes(digits)) return true;
  return false;
}
