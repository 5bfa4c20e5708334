/** The webhook of `express-peer.ts` on plain `node:http`. The difference is the cost of Express. */
import {createServer} from 'node:http';
import {parse} from 'node:querystring';
import twilio from 'twilio';

const {PORT = '', PUBLIC_URL = '', TWILIO_AUTH_TOKEN = ''} = process.env;

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    if (request.url === '/readyz') {
      response.end('{"ready":true}');
      return;
    }
    const fields = {...parse(Buffer.concat(chunks).toString())};
    const signature = String(request.headers['x-twilio-signature']);
    const authentic = twilio.validateRequest(TWILIO_AUTH_TOKEN, signature, PUBLIC_URL + request.url, fields);
    response.writeHead(authentic ? 204 : 403).end();
  });
});

server.listen(Number(PORT), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
