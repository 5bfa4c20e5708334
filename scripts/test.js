// Runs all tests (unit, integration, end-to-end) and ends with `N passed, N failed`.
// Usage: npm test [-- <file or folder> …] [--only <pattern>]
import '../bin/require-node.js';
import module from 'node:module';
import path from 'node:path';

// Every file is a process, and every journal in it has two threads. Without the cache, half of their work
// would be to strip and compile the same sources again.
process.env.NODE_COMPILE_CACHE ??= path.join(import.meta.dirname, '../node_modules/.cache/compiled');
module.enableCompileCache(process.env.NODE_COMPILE_CACHE);

const {main} = await import('./test-runner.ts');
process.exitCode = await main(process.argv.slice(2));
