/** `npm run size`: prints the compressed size of the console. */
import {type Measured, measureBundle} from './bundle.ts';

const print = ({name, gzip}: Measured) =>
  process.stdout.write(`${name.padEnd(28)}${(gzip / 1000).toFixed(1).padStart(8)} KB gzip\n`);

const {first, lazy} = measureBundle();
process.stdout.write('\n@hookswitch/console\n');
print(first);
for (const chunk of [...lazy].sort((a, b) => b.gzip - a.gzip)) print(chunk);
