/** One step of the schema. Steps are numbered, go forward only, and are never edited once they were released. */
export interface Migration {
  /** 1, 2, 3 … */
  readonly id: number;
  /** For people and the log; part of the checksum. */
  readonly name: string;
  /**
   * SQL, run in one transaction. It has to leave nodes of the version before at work: add tables, columns with a default and
   * indexes; take away only what the last version but one stopped using. What it locks it holds until its end, and nobody appends
   * meanwhile: milliseconds, whatever the size of the tables. So a default is a constant, and an index of `entries` or `calls` is none
   * for here: it has to be built CONCURRENTLY, which no transaction can.
   */
  readonly up: string;
}
