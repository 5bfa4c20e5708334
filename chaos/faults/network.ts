/** Connections that are dead without anybody having said so, and everybody coming back at once. */
import {TcpProxy} from '../../packages/client/test/support/tcp-proxy.ts';
import {TestClient} from '../../test/support/client.ts';
import {ACCESS_KEY} from '../../test/support/crash-gateway.ts';
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

export const stampede: Fault = {
  name: 'stampede',
  what: 'the gateway is killed and all sessions come back at once',
  async strike(world, size) {
    const {gateway} = world;
    const count = world.crowd ?? CROWD[size];
    const crowd = Array.from({length: count}, () => new TestClient(gateway.wsUrl, {token: ACCESS_KEY}));
    try {
      for (const client of crowd) await client.receive('call.snapshot', () => true, 60_000);
      await gateway.kill();
      for (const client of crowd) await client.closed();
      await gateway.start();
      const startedAt = performance.now();
      const back = crowd.map(
        (client) => new TestClient(gateway.wsUrl, {token: ACCESS_KEY, resume: client.position()}),
      );
      crowd.push(...back);
      let recovered = 0;
      for (const client of back) {
        const ready = await client.receive('session.ready', () => true, 60_000);
        if (ready.recovered) recovered += 1;
      }
      world.note(`${count} sessions back in ${Math.round(performance.now() - startedAt)} ms`);
      if (recovered !== count)
        world.violate('session', `${count - recovered} of ${count} sessions were not recovered`);
      await world.answers(20);
      const {webhooks} = world;
      await world.pause();
      await until(
        () => webhooks.answers > 0 && new Set(back.map((client) => client.position().offset)).size === 1,
        {
          what: 'everybody to be told the same',
          timeoutMs: 30_000,
        },
      );
      world.resume();
    } finally {
      for (const client of crowd) client.terminate();
    }
  },
};
