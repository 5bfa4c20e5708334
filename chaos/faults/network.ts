/** Half-open connections, and a reconnect of all sessions at once. */
import {TcpProxy} from '../../packages/client/test/support/tcp-proxy.ts';
import {until} from '../../test/support/until.ts';
import type {Fault} from './fault.ts';

const SESSION_TIMEOUT_MS = 3000;

export const halfOpen: Fault = {
  name: 'half-open',
  description: 'connections go silent without a close; their sessions reconnect',
  world: (options) => ({...options, env: {...options.env, SESSION_TIMEOUT_MS: String(SESSION_TIMEOUT_MS)}}),
  async strike(world) {
    const {gateway, sessions} = world;
    await using line = await TcpProxy.to(() => gateway.port);
    const direct = world.wsUrl;
    world.wsUrl = `${line.url.replace('http', 'ws')}/ws`;
    for (const session of sessions) session.client?.terminate();
    await until(() => line.accepted >= sessions.length, {what: 'the sessions to connect through the proxy'});
    await until(() => sessions.every(({position}) => position !== undefined), {
      what: 'the sessions to be ready',
    });
    await world.waitForAcknowledged(20);
    line.stall(true);
    world.wsUrl = direct;
    for (const session of sessions) session.abandon();
    await world.waitForAcknowledged(20);
    // The gateway must detect the dead connections itself, so that only the reconnected sessions remain.
    const open = async () => (await gateway.api('/api/sessions')).body.sessions.length;
    await until(async () => (await open()) === sessions.length, {
      what: 'the gateway to notice dead connections',
      timeoutMs: SESSION_TIMEOUT_MS + 15_000,
    });
  },
};

/** Sessions in a test. The long form uses `--sessions`. */
const CROWD = {short: 150, long: 1000} as const;
const BACK_WITHIN_MS = 120_000;

export const stampede: Fault = {
  name: 'stampede',
  description: 'the gateway is killed and all sessions reconnect at once',
  world: (options) => ({...options, env: {...options.env, MAX_SESSIONS: '20000'}}),
  async strike(world, size) {
    const {gateway, random} = world;
    const count = world.crowd ?? CROWD[size];
    const crowd = Array.from({length: count}, () => world.join(random.int(200, 1000)));
    const allAt = (connection: number) =>
      until(
        () => crowd.every(({connections, position}) => connections >= connection && position !== undefined),
        {
          what: `${count} sessions to be connected`,
          timeoutMs: BACK_WITHIN_MS,
        },
      );
    await allAt(1);
    await world.waitForAcknowledged(20);
    await gateway.kill();
    await gateway.start();
    const startedAt = performance.now();
    await allAt(2);
    world.note(`${count} sessions reconnected in ${Math.round(performance.now() - startedAt)} ms`);
    await world.waitForAcknowledged(20);
    await world.pause();
    const same = () => new Set(crowd.map(({position}) => position)).size === 1;
    await until(same, {
      what: 'all sessions to reach the same offset',
      timeoutMs: BACK_WITHIN_MS,
    });
    const lost = crowd.filter(({records}) => records.slice(1).some(({ready}) => !ready.recovered));
    if (lost.length > 0) world.violate('session', `${lost.length} of ${count} sessions were not recovered`);
    world.resume();
  },
};
