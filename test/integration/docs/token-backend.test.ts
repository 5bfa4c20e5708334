/** The backend of docs/guides/token-backend.md, as it stands there: the gateway accepts the token that it signs. */
import assert from 'node:assert/strict';
import {readFileSync, rmSync, writeFileSync} from 'node:fs';
import http from 'node:http';
import type {AddressInfo} from 'node:net';
import path from 'node:path';
import {test} from 'node:test';
import express, {type Express, type Request, type Response} from 'express';
import {JWT_SECRET} from '../../support/auth/tokens.ts';
import {startGateway} from '../../support/gateway/gateway.ts';

const guide = readFileSync(path.join(import.meta.dirname, '../../../docs/guides/token-backend.md'), 'utf8');

/** The guide's code as a module that adds its route to an app. */
async function addTokenRoute(app: Express): Promise<void> {
  const code = /```js\n(.*?)```/s.exec(guide)?.[1];
  assert.ok(code !== undefined);
  const [, imports = '', rest = ''] = /^\s*(import .*?;\n)(.*)$/s.exec(code) ?? [];
  const file = path.join(import.meta.dirname, `token-backend-${process.pid}.js`);
  writeFileSync(file, `${imports}\nexport function addRoute(app) {\n${rest}\n}\n`);
  try {
    const {addRoute}: {addRoute: (app: Express) => void} = await import(file);
    addRoute(app);
  } finally {
    rmSync(file);
  }
}

test('[A2] the token of the guide opens own calls and no others', async () => {
  const env = {
    AUTH_JWT_SECRET: JWT_SECRET,
    AUTH_ISSUER: 'https://app.example.com',
    AUTH_AUDIENCE: 'hookswitch',
  };
  await using gateway = await startGateway({env});
  process.env['AUTH_JWT_SECRET'] = JWT_SECRET;
  const app = express();
  app.use((request: Request, _response: Response, next: () => void) => {
    Object.assign(request, {session: {userId: 'ann'}});
    next();
  });
  await addTokenRoute(app);
  const server = http.createServer(app).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  try {
    const {port} = server.address() as AddressInfo;
    const token = await (await fetch(`http://127.0.0.1:${port}/token`)).text();
    const headers = {authorization: `Bearer ${token}`};
    const info = await (await fetch(`${gateway.url}/api/info`, {headers})).json();
    assert.partialDeepStrictEqual(info, {user: 'ann', scopes: ['calls:read', 'calls:control']});
    assert.equal((await fetch(`${gateway.url}/api/sessions`, {headers})).status, 403);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});
