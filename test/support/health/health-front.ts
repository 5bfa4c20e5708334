/** A front server at PUBLIC_URL: a proxy that forwards everything, or misbehaves in a known way. */
import {createServer, type IncomingMessage, request, type ServerResponse} from 'node:http';
import {type AddressInfo, connect, type Socket} from 'node:net';

export type FrontMode =
  | 'pass'
  | 'redirect'
  | 'interstitial'
  | 'interstitial-for-browsers'
  | 'drop-upgrades'
  | 'upgrades-as-requests'
  | 'upgrades-answered-itself'
  | 'other-server'
  | 'other-gateway'
  | 'other-path'
  | 'sign-in'
  | 'bad-gateway'
  | 'silent'
  | 'reset';

const PAGE = '<!doctype html><title>You are about to visit</title><p>ERR_NGROK_6024</p>';

export class HealthFront implements AsyncDisposable {
  mode: FrontMode = 'pass';
  /** URL of the gateway behind it. */
  target = '';
  /** Requested paths, unchanged. */
  readonly requests: string[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((incoming, response) => this.#handle(incoming, response));

  async start(): Promise<this> {
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('upgrade', (incoming, socket, head) => this.#upgrade(incoming, socket as Socket, head));
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #handle(incoming: IncomingMessage, response: ServerResponse): void {
    this.requests.push(incoming.url ?? '');
    const isBrowser = incoming.headers['user-agent']?.startsWith('Mozilla/') === true;
    switch (this.mode) {
      case 'redirect':
        response.writeHead(301, {location: 'https://user:secret@elsewhere.example/x?token=abc'}).end();
        return;
      case 'interstitial-for-browsers':
        if (isBrowser) this.#page(response);
        else this.#pass(incoming, response);
        return;
      case 'interstitial':
        this.#page(response);
        return;
      case 'other-server':
        response.writeHead(200, {'content-type': 'text/html', server: 'nginx'}).end('<title>Welcome</title>');
        return;
      case 'other-gateway':
        response.writeHead(200, {'content-type': 'application/json'});
        response.end('{"status":"alive","probe":"made-up"}');
        return;
      case 'other-path':
        this.#pass(incoming, response, `/prefix${incoming.url}`);
        return;
      case 'sign-in':
        response.writeHead(401, {'www-authenticate': 'Basic'}).end();
        return;
      case 'bad-gateway':
        response.writeHead(502).end();
        return;
      case 'silent':
        return;
      case 'reset':
        incoming.socket.resetAndDestroy();
        return;
      case 'pass':
      case 'drop-upgrades':
      case 'upgrades-as-requests':
      case 'upgrades-answered-itself':
        this.#pass(incoming, response);
    }
  }

  #page(response: ServerResponse): void {
    response.writeHead(200, {'content-type': 'text/html', 'ngrok-error-code': 'ERR_NGROK_6024'}).end(PAGE);
  }

  #pass(incoming: IncomingMessage, response: ServerResponse, path = incoming.url): void {
    const {method, headers} = incoming;
    const {connection: _, upgrade: __, ...rest} = headers;
    const outgoing = request(this.target + path, {method, headers: rest, agent: false}, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    outgoing.on('error', () => response.destroy());
    incoming.pipe(outgoing);
  }

  #upgrade(incoming: IncomingMessage, socket: Socket, head: Buffer): void {
    this.requests.push(incoming.url ?? '');
    switch (this.mode) {
      case 'pass':
        this.#tunnel(incoming, socket, head);
        return;
      case 'drop-upgrades':
        socket.destroy();
        return;
      case 'upgrades-answered-itself':
        socket.end('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi');
        return;
      case 'redirect':
        socket.end('HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example/\r\nContent-Length: 0\r\n\r\n');
        return;
      case 'silent':
        return;
      case 'upgrades-as-requests':
      case 'interstitial':
      case 'interstitial-for-browsers':
      case 'other-server':
      case 'other-gateway':
      case 'other-path':
      case 'sign-in':
      case 'bad-gateway':
      case 'reset':
        this.#asRequest(incoming, socket);
    }
  }

  /** Forwards an upgrade without its hop-by-hop headers, as a proxy without WebSocket support does. */
  #asRequest(incoming: IncomingMessage, socket: Socket): void {
    request(this.target + incoming.url, {agent: false}, (answer) => {
      socket.write(`HTTP/1.1 ${answer.statusCode} Any\r\nConnection: close\r\n\r\n`);
      answer.pipe(socket);
    }).end();
  }

  #tunnel(incoming: IncomingMessage, socket: Socket, head: Buffer): void {
    const {hostname, port} = new URL(this.target);
    const behind = connect(Number(port), hostname, () => {
      const lines = incoming.rawHeaders.flatMap((name, at, all) =>
        at % 2 === 0 ? [`${name}: ${all[at + 1]}\r\n`] : [],
      );
      behind.write(`GET ${incoming.url} HTTP/1.1\r\n${lines.join('')}\r\n`);
      behind.write(head);
      behind.pipe(socket).pipe(behind);
    });
    behind.on('error', () => socket.destroy());
    socket.on('close', () => behind.destroy());
  }
}
