/** Connections that are dead without anybody having said so, and everybody coming back at once. */
import {TcpProxy} from '../../packages/client/test/support/tcp-proxy.ts';
import {until} from '../../test/support/until.ts';
import type {Fault} from './fault.ts';

const SESSION_TIMEOUT_MS = 3000;

export const halfOpen: Fault = {
  name: 'half-open',
  what: 'connections go dead without a word; their sessions come back on another',
  world: (options) => ({...options, env: {...options.env, SESSION_TIMEOUT_MS: String(SESSION_TIMEOUT_MS)}}),
  async strike(world) {
    const {gateway, sessions} = world;
    await using line = await TcpProxy.to(() => gateway.port);
    const direct = world.wsUrl;
    world.wsUrl = `${line.url.replace('http', 'ws')}/ws`;
    for (const session of sessions) session.client?.terminate();
    await until(() => line.accepted >= sessions.length, {what: 'sessions to come back by the line'});
    await until(() => sessions.every(({position}) => position !== undefined), {what: 'sessions to be ready'});
    await world.answers(20);
    line.stall(true);
    world.wsUrl = direct;
    for (const session of sessions) session.abandon();
    await world.answers(20);
    // The gateway finds out by itself: only the sessions that came back are left.
    const open = async () => (await gateway.api('/api/sessions')).body.sessions.length;
    await until(async () => (await open()) === sessions.length, {
      what: 'the gateway to notice dead connections',
      timeoutMs: SESSION_TIMEOUT_MS + 15_000,
    });
  },
};

/** Sessions in a test; the long form takes as many as the machine is said to bear. */
const CROWD = {short: 150, long: 1000} as const;
const BACK_WITHIN_MS = 120_000;

export const stampede: Fault = {
  name: 'stampede',
  what: 'the gateway is killed and all sessions come back at once',
  world: (options) => ({...options, env: {...options.env, MAX_SESSIONS: '20000'}}),
  async strike(world, size) {
    const {gateway, random} = world;
    const count = world.crowd ?? CROWD[size];
    const crowd = Array.from({length: count}, () => world.join(random.int(200, 1000)));
    const allAt = (connection: number) =>
      until(
        () => crowd.every(({connections, position}) => connections >= connection && position !== undefined),
        {
          what: `${count} sessions to be there`,
          timeoutMs: BACK_WITHIN_MS,
        },
      );
    await allAt(1);
    await world.answers(20);
    await gateway.kill();
    await gateway.start();
    const startedAt = performance.now();
    await allAt(2);
    world.note(`${count} sessions back in ${Math.round(performance.now() - startedAt)} ms`);
    await world.answers(20);
    await world.pause();
    const same = () => new Set(crowd.map(({position}) => position)).size === 1;
    await until(same, {
      what: 'everybody to be told the same',
      timeoutMs: BACK_WITHIN_MS,
    });
    const lost = crowd.filter(({records}) => records.slice(1).some(({ready}) => !ready.recovered));
    if (lost.length > 0) world.violate('session', `${lost.length} of ${count} sessions were not recovered`);
    world.resume();
  },
};
