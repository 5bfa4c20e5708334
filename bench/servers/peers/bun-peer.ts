/** The Bun peer: its native publish to a topic, implemented in C++. Run by Bun, not by Node. */
import '../probe.ts';
import {textsOf} from './peer-http.ts';

const PROTOCOL = 'sec-websocket-protocol';
const {PORT = ''} = process.env;

const server = Bun.serve({
  port: Number(PORT),
  hostname: '127.0.0.1',
  async fetch(request) {
    const {pathname} = new URL(request.url);
    if (pathname === '/ws') {
      const protocol = request.headers.get(PROTOCOL);
      const headers: Record<string, string> = protocol === null ? {} : {[PROTOCOL]: protocol};
      // Bun expects no response after an upgrade.
      if (server.upgrade(request, {headers})) return undefined as unknown as Response;
    }
    if (pathname === '/twilio/status') {
      const texts = textsOf(await request.text(), request.headers.get('x-copies'));
      for (const text of texts) server.publish('events', text);
      return new Response(null, {status: 204});
    }
    return new Response('{"ready":true}');
  },
  websocket: {
    perMessageDeflate: false,
    // Longer than the other peers' 25 s, because with a shorter one Bun closes sessions that have answered its ping.
    idleTimeout: 120,
    sendPings: true,
    open(socket) {
      socket.subscribe('events');
    },
    message() {},
  },
});
process.on('SIGTERM', () => process.exit(0));
