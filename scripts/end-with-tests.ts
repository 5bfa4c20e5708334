/**
 * Loaded into each test file's process: one whose tests are over, and that has left something running, ends all the same. Not by
 * the runner's own `forceExit`, which ends it before all that it had to say has been read.
 */
import {after} from 'node:test';

const GRACE_MS = 20_000;

after(() => {
  setTimeout(() => process.exit(), GRACE_MS).unref();
});
