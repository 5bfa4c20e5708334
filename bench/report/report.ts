/** `docs/BENCHMARKS.md`, whole. */
import {isPinned} from '../servers/cores.ts';
import {type Section, sectionMarkdown} from './section.ts';

export type Machine = readonly (readonly [string, string])[];

export function preamble(machine: Machine): string {
  return `# Benchmarks

Made by \`npm run bench -- --write\`; not edited by hand. The gateway is started as its users start it, in a process of
its own, with its journal on disk; so are the peers it is compared with, in the same run, in turn with it. ${isPinned ? 'All threads of a\nserver run on one core, the generator on the others (`taskset`).' : 'The\ngenerator is another process on the same machine and uses the same cores.'} Everything goes over loopback,
without compression. Figures are medians of rounds, with the lowest and the highest round in brackets; servers take
turns within a round. CPU is that of the server process, all threads, never of the generator.

Ratios to the peer and CPU per message carry over to another machine; milliseconds do not. On a machine that is busy
with something else the brackets grow wide: then run it again.

${machine.map(([name, value]) => `- ${name}: ${value}`).join('\n')}
`;
}

export function report(machine: Machine, sections: readonly Section[], missing: readonly string[]): string {
  const parts = [preamble(machine), ...sections.map(sectionMarkdown)];
  if (missing.length > 0) parts.push(`**Without an answer in this run: ${missing.join(', ')}.**\n`);
  return parts.join('\n');
}
