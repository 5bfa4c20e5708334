/** Mutants that break a promise between nodes. Scenes find them within seconds. */
import type {Mutant} from './mutant.ts';

export const clusterMutants: readonly Mutant[] = [
  {
    name: 'pg-no-head-lock',
    description: 'assigns offsets from a sequence without the head lock, and reads past gaps',
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
        // An offset that was assigned out of order must not look like a lost history.
        file: 'src/journal/postgres/epoch.ts',
        find: 'loaded.head < seen.head',
        replace: 'loaded.head < 0',
      },
      {
        file: 'src/journal/postgres/writer/load-group.ts',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text
        find: "SELECT 'head' AS kind, ${HEAD_OFFSET} AS number",
        replace:
          // One offset per transaction with an event, none for a transaction without one, as at the start.
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
    description: 'takes its own commit for the next entry and skips entries of other nodes before it',
    edits: [
      {
        // Ignores notifications, so that entries of other nodes are not read yet when its own commit arrives.
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
    description: 'reads entries of other nodes only on notification',
    edits: [
      {
        file: 'src/journal/postgres/tail/head-tail.ts',
        find: 'this.#options.clock.every(POLL_MS, () => this.wake());',
        replace: 'this.#options.clock.every(POLL_MS, () => {});',
      },
    ],
    fault: 'pg-no-notifications',
    caughtBy: ['stuck'],
  },
  {
    name: 'pg-epoch-kept',
    description: 'keeps the epoch after commits were lost',
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
    description: 'believes it holds a lease while any node holds it',
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
