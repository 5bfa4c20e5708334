/** Faults of Twilio's REST API and of its callbacks. */
import {setTimeout as wait} from 'node:timers/promises';
import {hasEnded} from '@hookswitch/protocol';
import type {Faults} from '@hookswitch/simulator';
import type {BrokenAnswer} from '../../test/support/http/http-twilio-proxy.ts';
import {until} from '../../test/support/until.ts';
import {readChapter} from '../world/read-chapter.ts';
import type {World} from '../world/world.ts';
import type {Fault, FaultSize} from './fault.ts';

const LOAD_MS = {short: 2500, long: 8000} as const;

export const tooManyRequests = simulated('twilio-429', 'REST returns 429 for half of all requests', {
  tooManyRequests: 0.5,
});

export const serverError = simulated('twilio-5xx', 'REST returns 500 or 503 for half of all requests', {
  serverError: {probability: 0.5, status: 503},
});

export const answerLost = simulated('twilio-answer-lost', 'REST places the call and the response is lost', {
  createResponseLost: 0.6,
});

export const callbackFirst = simulated(
  'callback-before-answer',
  'callbacks of a call arrive before the response to its create request',
  {callbackBeforeCreateResponse: 1},
);

export const repeated = simulated('callbacks-repeated', 'every second callback arrives twice', {repeat: 0.5});

export const reordered = simulated('callbacks-reordered', 'callbacks are reordered or delayed', {
  reorder: 0.4,
  delay: {probability: 0.4, minMs: 20, maxMs: 800},
});

export const hang: Fault = {
  name: 'twilio-hang',
  description: 'REST accepts requests and never responds',
  async strike(world, size) {
    world.simulator.setFaults({hang: {probability: 1, times: size === 'short' ? 2 : 12}});
    await under(world, size);
    // The gateway waits 10 s for a response, so a client that waits as long gets an unknown outcome.
    await world.pause();
  },
};

export const reset = broken(
  'twilio-reset',
  'REST resets or closes the connection, before or after the call was placed',
  ['reset', 'cut'],
);

export const garbage = broken('twilio-garbage', 'REST returns invalid HTTP, or a body that is no call', [
  'garbage',
]);

/** Longer than the silence that triggers a lookup, and shorter than the 24 h of an idempotency key. */
const HOUR_MS = 3_600_000;

export const anHourLate: Fault = {
  name: 'callbacks-an-hour-late',
  description: 'callbacks arrive after the clock jumped ahead by an hour',
  async strike(world) {
    world.simulator.setFaults({delay: {probability: 1, minMs: 1500, maxMs: 2500}});
    await world.waitForAcknowledged(40);
    world.control({clockOffsetMs: HOUR_MS});
    await wait(2500);
    await world.waitForAcknowledged(20);
  },
};

export const lostForGood: Fault = {
  name: 'callbacks-lost',
  description: 'last callbacks never arrive; the gateway finds the end by a lookup (J6)',
  async strike(world) {
    world.simulator.setFaults({drop: {probability: 0.5, statuses: ['completed', 'canceled']}});
    await world.waitForAcknowledged(60);
    await world.pause();
    await world.simulator.settled();
    world.control({clockOffsetMs: HOUR_MS});
    const lost = () => {
      const {calls} = readChapter(world.gateway.databaseFile);
      return world.simulator.calls().filter(({sid}) => !hasEnded(calls.get(sid) ?? 'completed'));
    };
    // Silence is measured from the start of a watch, by a monotonic clock. A restart looks calls up at once.
    await world.gateway.restart();
    world.control({clockOffsetMs: HOUR_MS});
    await until(() => lost().length === 0, {what: 'calls without a last callback to end', timeoutMs: 60_000});
    world.resume();
  },
};

function simulated(name: string, description: string, faults: Faults): Fault {
  return {
    name,
    description,
    async strike(world, size) {
      world.simulator.setFaults(faults);
      await under(world, size);
    },
  };
}

function broken(name: string, description: string, how: readonly BrokenAnswer[]): Fault {
  return {
    name,
    description,
    async strike(world, size) {
      const random = world.random.fork();
      world.twilio.intercept = () => (random.chance(0.3) ? random.pick(how) : undefined);
      world.twilio.afterwards = () =>
        random.chance(0.3)
          ? random.pick([...how, {status: 200, body: '<html>proxy</html>'}, {status: 201, body: {}}])
          : undefined;
      await under(world, size);
    },
  };
}

async function under(world: World, size: FaultSize): Promise<void> {
  await wait(LOAD_MS[size]);
  await world.waitForAcknowledged(20);
}
