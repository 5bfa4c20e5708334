#!/usr/bin/env node
import './require-node.js';
// As a whole: by name, an old Node would stumble over the import before it could be told apart.
import module from 'node:module';

// Half of a start goes into compiling the same sources as last time.
module.enableCompileCache();

/** For output to be written, when something that is still open would keep the process. */
const LAST_WORDS_MS = 200;

const {main} = await import('../src/main.ts');
process.exitCode = await main(process.argv.slice(2));
// The command is over: an answer of Twilio's that never comes, say, is nothing to wait for.
setTimeout(() => process.exit(), LAST_WORDS_MS).unref();
