/** What several nodes promise each other, broken: each is found by a scene of a few seconds. */
import type {Mutant} from './mutant.ts';

export const clusterMutants: readonly Mutant[] = [
  {
    name: 'pg-no-head-lock',
    what: 'gives offsets out by a sequence, without the lock of the head, and reads whatever is behind its cursor',
    edits: [
      {
        file: 'src/journal/postgres/epoch.ts',
        find: 'FROM hookswitch.journal_head WHERE id = 1 FOR UPDATE`',
        replace: 'FROM hookswitch.journal_head WHERE id = 1`',
      },
      {
        file: 'src/journal/postgres/epoch.ts',
        find: '  await connection.query(\n    `INSERT INTO hookswitch.journal_head',
        replace:
          "  await connection.query('CREATE SEQUENCE IF NOT EXISTS hookswitch.offsets', []);\n" +
          '  await connection.query(\n    `INSERT INTO hookswitch.journal_head',
      },
      {
        // A number that was taken late is no history that went back.
        file: 'src/journal/postgres/epoch.ts',
        find: 'loaded.head < seen.head',
        replace: 'loaded.head < 0',
      },
      {
        file: 'src/journal/postgres/writer/load-group.ts',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text
        find: "SELECT 'head' AS kind, ${HEAD_OFFSET} AS number",
        replace:
          // One number a transaction, and none for one without an event, as at the start.
          "SELECT 'head' AS kind, CASE WHEN cardinality($1::text[]) > 0 " +
          // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text
          "THEN nextval('hookswitch.offsets') - 1 ELSE ${HEAD_OFFSET} END AS number",
      },
      {
        file: 'src/journal/postgres/writer/postgres-writer.ts',
        find: 'const MAX_GROUP = 500;',
        replace: 'const MAX_GROUP = 1;',
      },
      {
        file: 'src/journal/postgres/tail/head-tail.ts',
        find: 'if (fresh[0] === undefined || fresh[0].offset !== this.head + 1) return;',
        replace: 'if (fresh[0] === undefined) return;',
      },
      {
        file: 'src/journal/postgres/tail/head-tail.ts',
        find: '        if (first !== this.head + 1) break;\n',
        replace: '        if (first < 0) break;\n',
      },
    ],
    fault: 'pg-crossing',
    caughtBy: ['session'],
  },
  {
    name: 'pg-tail-skips',
    what: 'takes an own commit for the next entry, whatever other nodes have written before it',
    edits: [
      {
        // It hears of nothing in time: what others have written is not there yet when an own commit comes.
        file: 'src/journal/postgres/postgres-journal.ts',
        find: 'onWake: () => this.#tail.wake()',
        replace: 'onWake: () => {}',
      },
      {
        file: 'src/journal/postgres/tail/head-tail.ts',
        find: '        if (first !== this.head + 1) break;\n',
        replace: '        if (first < 0) break;\n',
      },
      {
        file: 'src/journal/entry-ring.ts',
        find: '    if (entry.offset !== this.#last + 1) this.moveTo(entry.offset - 1);\n',
        replace: '',
      },
    ],
    fault: 'pg-crossing',
    caughtBy: ['session'],
  },
  {
    name: 'pg-notify-only',
    what: 'reads what other nodes have written only when it is notified',
    edits: [
      {
        file: 'src/journal/postgres/tail/head-tail.ts',
        find: 'this.#options.clock.every(POLL_MS, () => this.wake());',
        replace: 'this.#options.clock.every(POLL_MS, () => {});',
      },
    ],
    fault: 'pg-deaf-node',
    caughtBy: ['stuck'],
  },
  {
    name: 'pg-epoch-kept',
    what: 'goes on under the same epoch where commits are gone',
    edits: [
      {
        file: 'src/journal/postgres/epoch.ts',
        find: '  const epoch = randomUUID();\n',
        replace: '  const {epoch} = loaded;\n',
      },
    ],
    fault: 'pg-commits-gone',
    caughtBy: ['corrupt'],
  },
  {
    name: 'pg-lease-without-token',
    what: 'believes that it holds a lease for as long as anybody holds it',
    edits: [
      {
        file: 'src/cluster/postgres/postgres-lease.ts',
        find: 'WHERE name = $1 AND holder = $2 AND token = $3 AND expires_at > clock_timestamp()`',
        replace:
          'WHERE name = $1 AND $2::text IS NOT NULL AND $3::text IS NOT NULL AND expires_at > clock_timestamp()`',
      },
    ],
    fault: 'pg-stale-lease',
    caughtBy: ['corrupt'],
  },
];
