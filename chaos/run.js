// Injects faults into a running gateway and checks the results. Usage: npm run chaos [-- --help]
import '../bin/require-node.js';

const {main} = await import('./main.ts');
process.exitCode = await main(process.argv.slice(2));
