/**
 * The last requests to the webhook routes, whatever became of them: those that were refused leave no trace in the
 * journal, and are what somebody looks for who wonders why nothing arrives. In memory only, bounded in number and in
 * bytes, never logged. Those that Twilio signed and all others are kept apart, so that no flood of strangers' requests
 * pushes the genuine ones out. To remember one is to keep references to what has been read anyway, and one copy of the
 * body; it is taken apart when somebody looks.
 */
import type {ProviderStatus, WebhookPage} from '@hookswitch/protocol';

export type WebhookOutcome = 'accepted' | 'refused' | 'failed';

/** A request that has been answered, as it came. */
export interface AnsweredWebhook {
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
  readonly tookMs: number;
  readonly route: 'status' | 'voice';
  readonly method: string;
  /** Path and query, raw. */
  readonly path: string;
  readonly remoteAddress: string;
  /** Names (lower case) and values in turn. */
  readonly headers: readonly string[];
  /** One character for each byte; absent where none was read. A string pins no slab of Node's buffer pool. */
  readonly body: string | undefined;
  readonly outcome: WebhookOutcome;
  readonly httpStatus: number;
  /** Twilio signed it for us: what follows is known only then. */
  readonly authentic: boolean;
  readonly verdict: 'applied' | 'late' | 'duplicate' | undefined;
  readonly offset: number | undefined;
  readonly callSid: string | undefined;
  readonly providerStatus: ProviderStatus | undefined;
  /** Why it was refused. */
  readonly reason: string | undefined;
}

export interface WebhookEntry {
  /** Rises in the order of the answers, so that whoever asks for what came after one misses none. */
  readonly id: number;
  readonly webhook: AnsweredWebhook;
}

export interface WebhookQuery {
  readonly outcome?: WebhookOutcome | undefined;
  /** Beginning of a call sid, or part of a path, an address, a reason or a number. */
  readonly q?: string | undefined;
  /** Only ids above and below. */
  readonly after?: number | undefined;
  readonly before?: number | undefined;
  readonly limit: number;
}

export interface FoundWebhooks {
  /** Newest first. */
  readonly entries: readonly WebhookEntry[];
  /** There are older ones that match. */
  readonly more: boolean;
}

export interface WebhookLogLimits {
  /** Of authentic requests, and of others. @default 1000 */
  readonly maxEntries?: number;
  /** Of each. @default 4 MiB */
  readonly maxBytes?: number;
}

/** What an entry takes beside its texts: objects, arrays, the heads of strings. */
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

  /** Since the start, those no longer kept included. */
  get counts(): WebhookPage['counts'] {
    return {...this.#counts};
  }

  /** What is kept now. */
  get size(): {readonly entries: number; readonly bytes: number} {
    const rings = [this.#authentic, this.#others];
    return {
      entries: rings.reduce((sum, {size}) => sum + size, 0),
      bytes: rings.reduce((sum, {bytes}) => sum + bytes, 0),
    };
  }

  /** Looks through at most everything that is kept. */
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

/** The newest entries, as many as both limits allow; ids rise. */
class Ring {
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  /** Slots are taken round and round; the oldest is at `#start`. */
  readonly #slots: (WebhookEntry | undefined)[] = [];
  /** Of the entry in the same slot. */
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
    // One that is larger than everything together is counted, and not kept.
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

/** An estimate that no text can slip past: all of them are Latin-1, a byte a character. */
function bytesOf({path, headers, body = '', reason = ''}: AnsweredWebhook): number {
  let bytes = ENTRY_BYTES + path.length + body.length + reason.length;
  for (let at = 1; at < headers.length; at += 2) bytes += 40 + (headers[at]?.length ?? 0);
  return bytes;
}

const NUMBER_FIELDS = /(?:^|&)(?:From|To|Caller|Called|ForwardedFrom)=([^&]*)/g;

/** Looks at bodies as they came: taking 2,000 forms apart would hold up everybody else. */
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
