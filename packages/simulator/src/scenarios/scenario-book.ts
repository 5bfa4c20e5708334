import {scenarioOfNumber} from './number-table.ts';
import {type Scenario, type ScenarioDetails, scenarioDetails} from './scenario.ts';

/** Maximum number of scenarios. */
const MAX_ENTRIES = 1000;

interface Entry {
  readonly pattern: string | RegExp;
  readonly scenario: ScenarioDetails;
}

/**
 * Selects the scenario of a dialed number. The order of precedence: set scenarios (latest first), the number
 * table, the default.
 */
export class ScenarioBook {
  readonly #fallback: ScenarioDetails;
  #entries: Entry[] = [];

  constructor({fallback}: {readonly fallback: Scenario}) {
    this.#fallback = scenarioDetails(fallback);
  }

  /** `*` in a text pattern stands for any run of characters. */
  set(pattern: string | RegExp, scenario: Scenario): void {
    const details = scenarioDetails(scenario);
    const same = (entry: Entry) => String(entry.pattern) === String(pattern);
    const others = this.#entries.filter((entry) => !same(entry));
    if (others.length >= MAX_ENTRIES) throw new RangeError(`At most ${MAX_ENTRIES} scenarios can be set`);
    this.#entries = [{pattern, scenario: details}, ...others];
  }

  clear(): void {
    this.#entries = [];
  }

  for(number: string): ScenarioDetails {
    const set = this.#entries.find(({pattern}) => matches(pattern, number));
    return set?.scenario ?? scenarioOfNumber(number) ?? this.#fallback;
  }

  list(): {readonly pattern: string; readonly scenario: ScenarioDetails}[] {
    return this.#entries.map(({pattern, scenario}) => ({pattern: String(pattern), scenario}));
  }
}

function matches(pattern: string | RegExp, number: string): boolean {
  if (pattern instanceof RegExp) return pattern.test(number);
  if (!pattern.includes('*')) return pattern === number;
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(number);
}
