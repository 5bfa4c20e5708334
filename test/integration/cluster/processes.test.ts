/**
 * The reconciling node is killed or stands still, with real processes on one real Postgres.
 *
 * Another node takes over within 15 s, and unfinished work of the previous node has no effect.
 */
import assert from 'node:assert/strict';
import {describe, type TestContext, test} from 'node:test';
import {loadEnvironment} from '../../../src/config/environment.ts';
import {freePort} from '../../support/gateway/free-port.ts';
import {type GatewayProcess, openBench} from '../../support/gateway/process-gateway.ts';
import {TwilioProxy, type TwilioRequest} from '../../support/http/http-twilio-proxy.ts';
import type {Json} from '../../support/json.ts';
import {databaseOf} from '../../support/postgres/postgres.ts';
import {postWebhook, someCallSid} from '../../support/twilio/signed-webhook.ts';
import {until} from '../../support/until.ts';

/** The 15 s, and extra time for a slow machine. */
const TAKE_OVER_MS = 30_000;

interface Node {
  readonly process: GatewayProcess;
  readonly port: number;
}

async function startProcesses(t: TestContext, count: number) {
  const bench = await openBench();
  const twilio = await new TwilioProxy().start();
  twilio.target = bench.simulator.url;
  t.after(async () => {
    await bench[Symbol.asyncDispose]();
    await twilio[Symbol.asyncDispose]();
  });
  const shared = {
    ...bench.env,
    DATABASE_URL: await databaseOf(t),
    TWILIO_API_URL: twilio.url,
    LOG_LEVEL: 'debug',
  };
  const nodes: Node[] = [];
  for (let index = 0; index < count; index += 1) {
    const port = index === 0 ? bench.port : await freePort();
    const process = bench.start({...shared, PORT: String(port), NODE_ID: `node-${index + 1}`});
    nodes.push({process, port});
    // The processes start one after the other, so that the first one holds the lease.
    await process.listening();
  }
  const environment = loadEnvironment({env: shared});
  const api = async (node: Node, pathname: string) => {
    const headers = {authorization: `Bearer ${environment.accessKey}`};
    const response = await fetch(`http://127.0.0.1:${node.port}${pathname}`, {headers});
    const body: Json = await response.json();
    return {status: response.status, body};
  };
  return {
    nodes,
    twilio,
    api,
    /** An inbound call rings and stays silent, so it is looked up 2 s later. */
    ring: async (node: Node, number: number): Promise<string> => {
      const callSid = someCallSid(number);
      const fields = {
        AccountSid: environment.twilio.accountSid,
        CallSid: callSid,
        CallStatus: 'ringing',
        Direction: 'inbound',
        From: '+15550100001',
        To: environment.twilio.phoneNumber,
      };
      const gateway = {url: `http://127.0.0.1:${node.port}`, environment};
      const response = await postWebhook(gateway, fields, {route: 'voice'});
      assert.equal(response.status, 200);
      return callSid;
    },
  };
}

function looksUp(callSid: string) {
  return ({operation, callSid: asked}: TwilioRequest) => operation === 'fetch' && asked === callSid;
}

/**
 * A call as Twilio reports it. A final status includes its duration, because the gateway would wait for it
 * otherwise.
 */
function callBody(callSid: string, status: string): {status: number; body: unknown} {
  const parties = {direction: 'inbound', from: '+15550100001', to: '+15005550006'};
  const duration = status === 'completed' ? {duration: '7'} : {};
  return {status: 200, body: {sid: callSid, status, ...parties, ...duration}};
}

// The tests run in parallel, because nearly all of their time is spent waiting for a lease to expire.
describe('the node that reconciles', {concurrency: true}, () => {
  test('[J6] if the reconciling node is killed, exactly one other node takes over within 15 s', async (t) => {
    const {nodes, twilio, api, ring} = await startProcesses(t, 3);
    const [holder, ...others] = nodes;
    const [second] = others;
    assert.ok(holder !== undefined && second !== undefined);
    twilio.intercept = (request) =>
      request.operation === 'fetch' ? callBody(request.callSid, 'in-progress') : undefined;
    const before = await ring(second, 1);
    await until(() => twilio.requests.some(looksUp(before)), {timeoutMs: TAKE_OVER_MS});
    holder.process.signal('SIGKILL');
    const killedAt = performance.now();
    const after = await ring(second, 2);
    const corrected = await until(
      async () => {
        const {body} = await api(second, `/api/calls/${after}`);
        return body.providerStatus === 'in-progress' && body;
      },
      {what: 'the call to be looked up by another node', timeoutMs: TAKE_OVER_MS},
    );
    t.diagnostic(`taken over and looked up ${Math.round(performance.now() - killedAt)} ms after the kill`);
    assert.equal(corrected.events.filter(({source}: {source: string}) => source === 'reconcile').length, 1);
    assert.equal(twilio.requests.filter(looksUp(after)).length, 1, 'one node asked, once');
    const tookOver = others.filter(({process}) => process.stdout.includes('"lease":"reconciler"'));
    assert.equal(tookOver.length, 1);
    const left = await until(async () => {
      const {body} = await api(second, '/api/sessions');
      return body.nodes.length === 2 && body.nodes;
    });
    assert.deepEqual(
      left.map(({nodeId}: {nodeId: string}) => nodeId),
      ['node-2', 'node-3'],
    );
  });

  test('[J6] if the reconciling node stands still with an answer, another takes over, and the first writes nothing', async (t) => {
    const {nodes, twilio, api, ring} = await startProcesses(t, 2);
    const [holder, second] = nodes;
    assert.ok(holder !== undefined && second !== undefined);
    const {promise: answered, resolve: answer} = Promise.withResolvers<void>();
    let asked = 0;
    twilio.intercept = async ({operation, callSid}) => {
      if (operation !== 'fetch') return undefined;
      asked += 1;
      if (asked > 1) return callBody(callSid, 'in-progress');
      // The result of the first look-up would end the call.
      await answered;
      return callBody(callSid, 'completed');
    };
    const callSid = await ring(second, 3);
    await until(() => asked === 1, {timeoutMs: TAKE_OVER_MS});
    holder.process.signal('SIGSTOP');
    answer();
    const statusOf = async () => (await api(second, `/api/calls/${callSid}`)).body.providerStatus;
    await until(async () => (await statusOf()) === 'in-progress', {timeoutMs: TAKE_OVER_MS});
    holder.process.signal('SIGCONT');
    // Its answer has arrived, or its wait for Twilio has timed out too, depending on which it notices first.
    const ended = /could not (?:look up|reconcile) a call/;
    await until(() => ended.test(holder.process.stdout), {
      what: 'the look-up of the stopped node to end',
      timeoutMs: TAKE_OVER_MS,
    });
    assert.equal(await statusOf(), 'in-progress');
    const {body} = await api(second, `/api/calls/${callSid}`);
    assert.deepEqual(
      body.events.map(({providerStatus}: {providerStatus: string}) => providerStatus),
      ['ringing', 'in-progress'],
    );
  });
});
