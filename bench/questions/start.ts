/** How long from the start of the process until it takes traffic? */
import {inRounds} from '../load/rounds.ts';
import {seedJournal} from '../load/seed-journal.ts';
import type {Question, Run} from '../question.ts';
import {ratio, type Section, show} from '../report/section.ts';
import {figure} from '../report/statistics.ts';
import type {ServerProcess} from '../servers/server-process.ts';

const ROUNDS = {most: 9, budgetS: 15};
const ENTRIES = 20_000;
const TARGET_MS = 1500;

export const start: Question = {name: 'start', deadlineS: 120, estimateS: 40, ask};

async function ask({servers, progress}: Run): Promise<Section> {
  progress(`writing a journal of ${ENTRIES.toLocaleString('en-US')} entries`);
  const used = servers.folder();
  await seedJournal(used, ENTRIES);
  // No probe: they start as they would in production.
  const subjects = {
    fresh: () => servers.gateway({probed: false}),
    used: () => servers.gateway({folder: used, probed: false}),
    peer: () => servers.expressPeer({probed: false}),
  };
  const times = {fresh: [] as number[], used: [] as number[], peer: [] as number[]};
  const once = async (name: keyof typeof subjects) => {
    const server: ServerProcess = await subjects[name]();
    await server.stop();
    return server.readyMs;
  };
  const names = ['fresh', 'used', 'peer'] as const;
  progress('warming up');
  for (const name of names) await once(name);
  const rounds = await inRounds(ROUNDS, async (round) => {
    progress(`round ${round}`);
    for (const name of names) times[name].push(await once(name));
  });
  const [fresh, withEntries, peer] = [figure(times.fresh), figure(times.used), figure(times.peer)];
  return {
    title: 'Start',
    compared: [
      'Milliseconds from spawning the process to the first 200 of `/readyz`, which is asked every 2 ms; for the gateway',
      'that includes opening the journal and one durable write. Files are in the page cache.',
      `${rounds} rounds. The peer loads Express, the Twilio SDK and \`ws\`, and has nothing to open.`,
    ],
    tables: [
      {
        head: ['start', 'ready after, ms', 'of the peer'],
        rows: [
          ['gateway, new journal', show(fresh), ratio(fresh, peer)],
          [
            `gateway, journal of ${ENTRIES.toLocaleString('en-US')} entries`,
            show(withEntries),
            ratio(withEntries, peer),
          ],
          ['peer', show(peer), '1'],
        ],
      },
    ],
    targets: [
      {
        wanted: 'ready within 1.5 s of start, in the slowest round too',
        measured: Math.max(fresh.max, withEntries.max),
        limit: TARGET_MS,
        unit: 'ms',
      },
    ],
  };
}
