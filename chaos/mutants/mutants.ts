/**
 * Gateways with one promise broken. A harness that finds nothing wrong with one of them is broken itself. Each says by
 * which fault it has to be found, since a promise is missed only when it is needed.
 */
import {clusterMutants} from './cluster-mutants.ts';
import type {Mutant} from './mutant.ts';

export const mutants: readonly Mutant[] = [
  {
    name: 'fsync-off',
    what: 'answers before anything is on the disk',
    edits: [
      {
        file: 'src/journal/sqlite/open-database.ts',
        find: 'PRAGMA synchronous = FULL',
        replace: 'PRAGMA synchronous = OFF',
      },
      {
        file: 'src/journal/sqlite/writer/high-water-mark.ts',
        find: 'fdatasyncSync(this.#fd);\n    // Only now',
        replace: '// Only now',
      },
    ],
    fault: 'power-loss',
    caughtBy: ['not-durable'],
  },
  {
    name: 'mark-not-written',
    what: 'answers before the high-water mark is written',
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
    what: 'never brings the high-water mark to the disk',
    edits: [
      {
        file: 'src/journal/sqlite/writer/high-water-mark.ts',
        find: 'fdatasyncSync(this.#fd);\n    // Only now',
        replace: '// Only now',
      },
    ],
    fault: 'power-loss',
    caughtBy: ['not-durable'],
  },
  {
    name: 'dedupe-off',
    what: 'a webhook that comes twice is two entries',
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
    what: 'answers 2xx and appends afterwards',
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
    what: 'dials again when the outcome of the first try is not known',
    edits: [
      {
        file: 'src/twilio/rest/twilio-rest.ts',
        find: "return {kind: cannotHaveHappened(error, fault) ? 'rejected' : 'unknown', fault};",
        replace: `if (!cannotHaveHappened(error, fault)) return this.dial(request);
      return {kind: 'rejected', fault};`,
      },
    ],
    fault: 'twilio-answer-lost',
    caughtBy: ['dialled-twice'],
  },
  {
    name: 'scope-filter-off',
    what: 'tells everybody of everything',
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
    what: 'a resumed session misses one entry',
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
    what: 'takes a journal that went back for the one it was',
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
    what: 'a webhook that comes to two nodes is two entries',
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
    what: 'takes a promoted standby that lost commits for the journal it was',
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

/** @throws Error — there is none of that name */
export function findMutant(name: string): Mutant {
  const found = mutants.find((mutant) => mutant.name === name);
  if (found !== undefined) return found;
  throw new Error(
    `There is no mutant ${name}; there are ${mutants.map((mutant) => mutant.name).join(', ')}.`,
  );
}
