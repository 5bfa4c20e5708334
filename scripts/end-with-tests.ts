/**
 * Loaded into the process of each test file. Ends the process after its tests, even if a handle is still
 * open. The runner's own `forceExit` would end it before its output has been read.
 */
import {after} from 'node:test';

const GRACE_MS = 20_000;

after(() => {
  setTimeout(() => process.exit(), GRACE_MS).unref();
});
