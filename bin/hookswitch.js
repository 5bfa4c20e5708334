#!/usr/bin/env node
import './require-node.js';
// A default import, because an old Node would fail on a named import before the version check runs.
import module from 'node:module';

// Without the cache, half of the start-up time would go into compiling unchanged sources.
module.enableCompileCache();

/** Time to write pending output if an open handle keeps the process alive. */
const FLUSH_MS = 200;

const {main} = await import('../src/main.ts');
process.exitCode = await main(process.argv.slice(2));
// The command has finished, so an open handle, such as a request to Twilio without an answer, must not delay
// the exit.
setTimeout(() => process.exit(), FLUSH_MS).unref();
