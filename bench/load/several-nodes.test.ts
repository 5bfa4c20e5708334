import assert from 'node:assert/strict';
import {once} from 'node:events';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {type TestContext, test} from 'node:test';
import {freePort} from '../../test/support/gateway/free-port.ts';
import {until} from '../../test/support/until.ts';
import {RetryingLoad} from './retrying-load.ts';
import {postSpread, prepare} from './spread-load.ts';

interface Node {
  readonly port: number;
  /** Received callbacks in order of arrival, as `<call>/<status>`. */
  readonly came: string[];
}

/** Answers each callback with the status that `answer` returns. */
async function startNode(t: TestContext, answer: (earlier: number) => number = () => 204): Promise<Node> {
  const came: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      const fields = new URLSearchParams(body);
      response.writeHead(answer(came.length)).end();
      came.push(`${fields.get('CallSid')}/${fields.get('CallStatus')}`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {port: (server.address() as AddressInfo).port, came};
}

test('callbacks are spread evenly over the nodes, including those of one call', async (t) => {
  const nodes = [await startNode(t), await startNode(t)];
  const ports = nodes.map(({port}) => port);
  const options = {publicPort: 80, ports, count: 80, perSecond: 4000, connectionsOfNode: 4};
  const {posted} = await postSpread(prepare(options));
  for (const [index, {came}] of nodes.entries()) {
    assert.equal(came.length, 40);
    const told = posted.filter(({node}) => node === index).map(({callSid, status}) => `${callSid}/${status}`);
    assert.deepEqual(came.toSorted(), told.toSorted());
    assert.equal(new Set(came.map((one) => one.split('/')[0])).size, 20);
  }
});

test('a callback is retried at any node until it is accepted', async (t) => {
  const node = await startNode(t, (earlier) => (earlier < 5 ? 503 : 204));
  const ports = [node.port, await freePort()];
  const load = new RetryingLoad({publicPort: 80, ports: () => ports, perSecond: 1000});
  load.start();
  await until(() => load.accepted >= 20);
  await load.stop();
  assert.equal(load.answered(503), 5);
  assert.equal(load.answered(204), load.accepted);
  assert.ok(load.answered(0) > 0);
  assert.equal(new Set(node.came).size, load.accepted);
});
