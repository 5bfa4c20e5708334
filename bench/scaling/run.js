// Prints the figures of docs/SCALING.md, or sizes what you name. Usage: npm run scaling [-- --help]
import '../../bin/require-node.js';

const {main} = await import('./main.ts');
process.exitCode = main(process.argv.slice(2));
