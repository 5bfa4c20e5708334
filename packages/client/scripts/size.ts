/** Prints what the SDK weighs; fails where the core weighs too much. */
import {MAX_CORE_BYTES, measure} from './bundle.ts';

const {first, later} = await measure('index');
console.log(
  `@hookswitch/client: ${first.min} bytes min, ${first.gzip} min+gzip (at most ${MAX_CORE_BYTES}); ` +
    `loaded once live: ${later.min} min, ${later.gzip} min+gzip`,
);
if (first.gzip > MAX_CORE_BYTES) process.exitCode = 1;
