/** Costs as they were found to be on some machine, for tests: figures of documents come from measurements. */
import type {Costs} from './costs.ts';

/** The journal alone, called directly. */
export const journalCosts: Costs = {
  groupMs: 1.2,
  entryMs: 0.07,
  gapMs: 0.6,
  node: {entryUs: 45, groupUs: 400, readEntryUs: 14, readGroupUs: 250},
  postgres: {entryUs: 40, groupUs: 600, readEntryUs: 6, readGroupUs: 300},
  threadMs: 0.03,
};

/** With what a webhook costs before the journal is asked. */
export const webhookCosts: Costs = {
  ...journalCosts,
  node: {...journalCosts.node, entryUs: 350, readEntryUs: 25},
};
