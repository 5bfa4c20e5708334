/** `docs/BENCHMARKS.md`, whole. */
import {type Section, sectionMarkdown} from './section.ts';

export type Machine = readonly (readonly [string, string])[];

export function preamble(machine: Machine): string {
  return `# Benchmarks

Made by \`npm run bench -- --write\`; not edited by hand. The gateway is started as its users start it, in a process of
its own, with its journal on disk; so are the peers it is compared with, in the same run, in turn with it. The
generator is a third process on the same machine and uses the same cores. Everything goes over loopback. Figures are
medians of rounds, with the lowest and the highest round in brackets.

Ratios to the peer and CPU per message carry over to another machine; milliseconds do not. On a machine that is busy
with something else the brackets grow wide: then run it again.

${machine.map(([name, value]) => `- ${name}: ${value}`).join('\n')}
`;
}

export function report(machine: Machine, sections: readonly Section[]): string {
  return [preamble(machine), ...sections.map(sectionMarkdown)].join('\n');
}
