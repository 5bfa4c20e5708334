/**
 * Loaded into the gateway before anything of its own: rewrites one source file as it is read. A mutant whose text is
 * no longer there ends the start: it would be a gateway without a fault, and a harness that finds nothing wrong.
 * Usage: --import <this file>?mutant=<name>
 */
import module from 'node:module';
import {findMutant} from '../mutants/mutants.ts';

const {edits} = findMutant(new URL(import.meta.url).searchParams.get('mutant') ?? '');

module.registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    const own = edits.filter(({file}) => url.endsWith(`/${file}`));
    if (own.length === 0 || !loaded.source) return loaded;
    let source = Buffer.from(loaded.source as Uint8Array).toString();
    for (const {file, find, replace} of own) {
      if (source.split(find).length !== 2) throw new Error(`${file} does not hold once: ${find}`);
      source = source.replace(find, () => replace);
    }
    return {...loaded, source};
  },
});
