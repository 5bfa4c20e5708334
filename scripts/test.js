// Runs every test there is (unit, integration, end-to-end) and closes with `N passed, N failed`.
// Usage: npm test [-- <file or folder> …] [--only <pattern>]
import '../bin/require-node.js';
import module from 'node:module';
import path from 'node:path';

// Every file is a process, and every journal in it two threads: half of what they do would be to strip and compile the
// same sources once more.
process.env.NODE_COMPILE_CACHE ??= path.join(import.meta.dirname, '../node_modules/.cache/compiled');
module.enableCompileCache(process.env.NODE_COMPILE_CACHE);

const {main} = await import('./test-runner.ts');
process.exitCode = await main(process.argv.slice(2));
