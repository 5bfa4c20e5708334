// Prints the tables of docs/BENCHMARKS.md. Usage: npm run bench [-- --help]
import '../bin/require-node.js';

const {main} = await import('./main.ts');
process.exitCode = await main(process.argv.slice(2));
