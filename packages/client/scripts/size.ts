/** Prints what the SDK weighs; fails where a part weighs too much. */
import {maxBytes, measure, parts} from './bundle.ts';

const when = {core: 'by importing it', feed: 'to connect', later: 'once live'};
const weights = await measure();
let total = 0;
for (const part of parts) {
  const {min, gzip} = weights[part];
  total += gzip;
  console.log(
    `@hookswitch/client ${part.padEnd(5)} (${when[part]}): ${gzip} bytes min+gzip (at most ${maxBytes[part]}), ${min} min`,
  );
  if (gzip > maxBytes[part]) process.exitCode = 1;
}
console.log(`@hookswitch/client in all: ${total} bytes min+gzip`);
