// Runs every test there is (unit, integration, end-to-end) and closes with `N passed, N failed`.
// Usage: npm test [-- <file or folder> …] [--only <pattern>]
import '../bin/require-node.js';

const {main} = await import('./test-runner.ts');
process.exitCode = await main(process.argv.slice(2));
