/**
 * One migration of the schema. Migrations are numbered, go forward only, and are never edited after a
 * release.
 */
export interface Migration {
  /** Consecutive, starting with 1. */
  readonly id: number;
  /** Shown to people and in the log. It is part of the checksum. */
  readonly name: string;
  /**
   * SQL that runs in one transaction. Nodes of the previous version must keep working: add tables, indexes
   * and columns with a default, and remove only things that the version before the previous one stopped
   * using.
   *
   * The migration holds its locks until its end and blocks all appends, so it must take milliseconds for
   * tables of any size. Therefore defaults must be constants. Indexes on `entries` or `calls` do not belong
   * here: they must be built CONCURRENTLY, which is impossible in a transaction.
   */
  readonly up: string;
}
