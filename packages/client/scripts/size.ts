/** Prints the size of the SDK and fails if a part exceeds its limit. */
import {maxBytes, measure, parts} from './bundle.ts';

const when = {core: 'on import', feed: 'to connect', lazy: 'once live'};
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
console.log(`@hookswitch/client total: ${total} bytes min+gzip`);
