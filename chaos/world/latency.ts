/** Measures the ping latency of sessions that a fault must not affect. */
import {setTimeout as wait} from 'node:timers/promises';
import {ACCESS_KEY} from '../../test/support/crash/crash-gateway.ts';
import {TestClient} from '../../test/support/websocket/client.ts';
import type {World} from './world.ts';

const SOCKETS = 4;
const PING_EVERY_MS = 40;

/** The p75 of milliseconds from ping to pong while `during` runs. */
export async function measureLatency({gateway}: World, during: () => Promise<unknown>): Promise<number> {
  const clients = Array.from({length: SOCKETS}, () => new TestClient(gateway.wsUrl, {token: ACCESS_KEY}));
  const tookMs: number[] = [];
  try {
    for (const client of clients) {
      await client.ready();
      client.ws.on('pong', (sentAt) => tookMs.push(performance.now() - Number(sentAt.toString())));
    }
    let running = true;
    const pinging = (async () => {
      while (running) {
        for (const {ws} of clients) ws.ping(String(performance.now()));
        await wait(PING_EVERY_MS);
      }
    })();
    await during();
    running = false;
    await pinging;
  } finally {
    for (const client of clients) client.terminate();
  }
  tookMs.sort((a, b) => a - b);
  return tookMs[Math.floor(tookMs.length * 0.75)] ?? Number.POSITIVE_INFINITY;
}
