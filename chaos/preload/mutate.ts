/**
 * Preloaded into the gateway. Edits source files while they are loaded. If a text is not found exactly once, the start
 * fails, because an unchanged gateway would pass every check.
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
      if (source.split(find).length !== 2)
        throw new Error(`${file} must contain this text exactly once: ${find}`);
      source = source.replace(find, () => replace);
    }
    return {...loaded, source};
  },
});
