/**
 * Gateways with one broken promise each. A harness that finds no violation in one of them is broken itself. Each mutant
 * names the fault that must find it.
 */
import {clusterMutants} from './cluster-mutants.ts';
import type {Mutant} from './mutant.ts';

export const mutants: readonly Mutant[] = [
  {
    name: 'fsync-off',
    description: 'responds before anything is on disk',
    edits: [
      {
        file: 'src/journal/sqlite/open-database.ts',
        find: 'PRAGMA synchronous = FULL',
        replace: 'PRAGMA synchronous = OFF',
      },
      {
        file: 'src/journal/sqlite/writer/high-water-mark.ts',
        find: 'fdatasyncSync(this.#fd);\n',
        replace: '',
      },
    ],
    fault: 'power-loss',
    caughtBy: ['not-durable'],
  },
  {
    name: 'mark-not-written',
    description: 'responds before the high-water mark is written',
    edits: [
      {
        file: 'src/journal/sqlite/writer/writer-store.ts',
        find: 'mark.write({epoch, offset: bounds.head});',
        replace: '',
      },
    ],
    fault: 'power-loss',
    caughtBy: ['not-durable'],
  },
  {
    name: 'mark-not-synced',
    description: 'never syncs the high-water mark',
    edits: [
      {
        file: 'src/journal/sqlite/writer/high-water-mark.ts',
        find: 'fdatasyncSync(this.#fd);\n',
        replace: '',
      },
    ],
    fault: 'power-loss',
    caughtBy: ['not-durable'],
  },
  {
    name: 'dedupe-off',
    description: 'stores a repeated webhook as a second entry',
    edits: [
      {
        file: 'src/journal/sqlite/writer/append-statements.ts',
        find: "const isKnown = before !== undefined || event.kind === 'command';",
        replace: "const isKnown = event.kind === 'command';",
      },
      {
        file: 'src/journal/sqlite/writer/append-statements.ts',
        find: '      event.dedupeKey,\n      verdict,\n',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text
        replace: '      `${event.dedupeKey}#${offset}`,\n      verdict,\n',
      },
    ],
    fault: 'callbacks-repeated',
    caughtBy: ['doubled'],
  },
  {
    name: 'ack-before-append',
    description: 'responds 2xx and appends afterwards',
    edits: [
      {
        file: 'src/handlers/webhooks/webhook-handler.ts',
        find: 'result = await intake.journal.append(event);',
        replace: 'intake.journal.append(event).catch(() => {});\n    return webhook;',
      },
    ],
    fault: 'kill-inside-group',
    caughtBy: ['lost'],
  },
  {
    name: 'retry-dial',
    description: 'dials again after an unknown outcome',
    edits: [
      {
        file: 'src/twilio/rest/twilio-rest.ts',
        find: "return {kind: cannotHaveHappened(error, fault) ? 'rejected' : 'unknown', fault};",
        replace: `if (!cannotHaveHappened(error, fault)) return this.dial(request);
      return {kind: 'rejected', fault};`,
      },
    ],
    fault: 'twilio-answer-lost',
    caughtBy: ['dialed-twice'],
  },
  {
    name: 'scope-filter-off',
    description: 'sends every entry to every session',
    edits: [
      {
        file: 'src/services/feed/visibility.ts',
        find: 'entry.owner === principal.user}',
        replace: 'entry.owner !== ""}',
      },
    ],
    fault: 'kill-at-random',
    caughtBy: ['session'],
  },
  {
    name: 'resume-skips',
    description: 'skips one entry when a session resumes',
    edits: [
      {
        file: 'src/services/sessions/session-delivery.ts',
        find: 'this.#open(session, this.#readyFrame(session, true));',
        replace: `this.#open(session, this.#readyFrame(session, true));
    session.cursor = Math.min(session.cursor + 1, this.#feed.head);`,
      },
    ],
    fault: 'kill-at-random',
    caughtBy: ['session'],
  },
  {
    name: 'mark-ignored',
    description: 'keeps the epoch of a journal that went back',
    edits: [
      {
        file: 'src/journal/sqlite/writer/writer-store.ts',
        find: 'if (!continues) {',
        replace: 'if (!continues && head < 0) {',
      },
    ],
    fault: 'backup-restored',
    caughtBy: ['corrupt', 'session', 'lost'],
  },
  {
    name: 'pg-dedupe-off',
    description: 'stores a webhook that arrives at two nodes as two entries',
    edits: [
      {
        file: 'src/journal/postgres/writer/group-view.ts',
        find: 'const known = this.#entries.get(event.dedupeKey);',
        replace: 'const known = undefined;',
      },
      {
        file: 'src/journal/postgres/writer/write-group.ts',
        find: 'newEntries.map(({entry}) => entry.event.dedupeKey),',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text
        replace: 'newEntries.map(({entry}) => `${entry.event.dedupeKey}#${entry.offset}`),',
      },
    ],
    fault: 'pg-callbacks-repeated',
    caughtBy: ['doubled'],
  },
  {
    name: 'timeline-ignored',
    description: 'keeps the epoch after a failover to a standby that lacks commits',
    edits: [
      {
        file: 'src/journal/postgres/epoch.ts',
        find: 'if (!behind && !moved && locked.timeline === locked.currentTimeline) {',
        replace: 'if (!moved || !behind) {',
      },
    ],
    fault: 'pg-failover',
    caughtBy: ['corrupt', 'session', 'lost'],
  },
  ...clusterMutants,
];

/** @throws Error if no mutant has this name */
export function findMutant(name: string): Mutant {
  const found = mutants.find((mutant) => mutant.name === name);
  if (found !== undefined) return found;
  throw new Error(`Unknown mutant: ${name}. Mutants: ${mutants.map((mutant) => mutant.name).join(', ')}.`);
}
