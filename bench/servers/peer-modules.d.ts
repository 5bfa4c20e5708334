/**
 * Types of the optional dependencies in `bench/package.json`, so that the repository's type check gives the same result
 * whether they are installed or not.
 */
declare module 'socket.io' {
  import type {Server as HttpServer} from 'node:http';
  export class Server {
    constructor(server: HttpServer, options: Readonly<Record<string, unknown>>);
    emit(event: string, payload: unknown): boolean;
  }
}

declare const Bun: {
  serve<Data>(options: {
    port: number;
    hostname: string;
    fetch(request: Request, server: BunServer): Response | undefined | Promise<Response>;
    websocket: {
      data?: Data;
      perMessageDeflate: boolean;
      /** Seconds of silence before the connection is closed. Bun sends a ping earlier. */
      idleTimeout: number;
      sendPings: boolean;
      open(socket: {subscribe(topic: string): void}): void;
      message(): void;
    };
  }): BunServer;
};

interface BunServer {
  upgrade(request: Request, options?: {headers?: Record<string, string>}): boolean;
  publish(topic: string, text: string): number;
}
