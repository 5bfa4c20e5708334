/** A real journal whose operations can be made to fail by kind. */
import {JournalUnavailableError} from '../../../src/errors/app-error.ts';
import type {CallEvent} from '../../../src/journal/call-event.ts';
import type {DialIntent} from '../../../src/journal/dial-intent.ts';
import type {Fence} from '../../../src/journal/fence.ts';
import type {Journal} from '../../../src/journal/journal.ts';
import type {TrimRequest} from '../../../src/journal/journal-maintenance.ts';
import type {CallQuery, StatisticsQuery} from '../../../src/journal/queryable-journal.ts';

export type FailingOperation = 'append' | 'openIntent' | 'rejectIntent' | 'probe' | 'read' | 'find' | 'trim';

export class FailingJournal implements Journal {
  readonly #journal: Journal;
  /** Operations that fail now. */
  readonly failing = new Set<FailingOperation>();
  /** Intents are written but reported as failed, like a disk that fails after the commit. */
  losesIntentAnswers = false;
  /** Number of operations that failed. */
  failures = 0;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** Makes all writes fail, as on a full disk. */
  fill(): void {
    for (const operation of ['append', 'openIntent', 'rejectIntent', 'probe', 'trim'] as const)
      this.failing.add(operation);
  }

  recover(): void {
    this.failing.clear();
    this.losesIntentAnswers = false;
  }

  open() {
    return this.#journal.open();
  }

  async append(event: CallEvent) {
    this.#check('append');
    return this.#journal.append(event);
  }

  async appendFenced(event: CallEvent, fence: Fence) {
    this.#check('append');
    return this.#journal.appendFenced(event, fence);
  }

  async read(after: number, limit: number) {
    this.#check('read');
    return this.#journal.read(after, limit);
  }

  head() {
    return this.#journal.head();
  }

  onAppend(listener: () => void) {
    // Without the entries, so that they have to be read, as with several nodes.
    return this.#journal.onAppend(() => listener());
  }

  activeCalls() {
    return this.#journal.activeCalls();
  }

  async findCall(callSid: string) {
    this.#check('find');
    return this.#journal.findCall(callSid);
  }

  async callHistory(callSid: string) {
    this.#check('find');
    return this.#journal.callHistory(callSid);
  }

  listCalls(query: CallQuery) {
    return this.#journal.listCalls(query);
  }

  callStatistics(query: StatisticsQuery) {
    return this.#journal.callStatistics(query);
  }

  async openIntent(intent: DialIntent, keysSince: number) {
    this.#check('openIntent');
    const opened = await this.#journal.openIntent(intent, keysSince);
    if (this.losesIntentAnswers) throw new JournalUnavailableError('The disk failed.');
    return opened;
  }

  async rejectIntent(reference: string) {
    this.#check('rejectIntent');
    return this.#journal.rejectIntent(reference);
  }

  async findIntent(reference: string) {
    this.#check('find');
    return this.#journal.findIntent(reference);
  }

  async findIntentByKey(user: string, idempotencyKey: string, since: number) {
    this.#check('find');
    return this.#journal.findIntentByKey(user, idempotencyKey, since);
  }

  async trim(request: TrimRequest) {
    this.#check('trim');
    return this.#journal.trim(request);
  }

  async probe() {
    this.#check('probe');
    return this.#journal.probe();
  }

  close() {
    return this.#journal.close();
  }

  #check(operation: FailingOperation): void {
    if (!this.failing.has(operation)) return;
    this.failures += 1;
    throw new JournalUnavailableError('The disk is full.');
  }
}
