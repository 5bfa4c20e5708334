/** The gateway and its peers by name, with their WebSocket dialects. */
import {type Dialect, gatewayDialect, plainDialect, socketIoDialect} from '../load/dialect.ts';
import type {ServerProcess} from './server-process.ts';
import type {GatewayOptions, Servers} from './servers.ts';

export type SubjectName = 'gateway' | 'ws' | 'ws-encoded' | 'socket-io' | 'express-socket-io' | 'bun';

export interface Subject {
  readonly name: SubjectName;
  /** Name in the report. */
  readonly title: string;
  readonly server: ServerProcess;
  readonly dialect: Dialect;
}

const titles: Readonly<Record<SubjectName, string>> = {
  gateway: 'gateway',
  ws: '`ws`, `send` per session',
  'ws-encoded': '`ws`, encoded once',
  'socket-io': 'Socket.IO',
  'express-socket-io': 'Express + Socket.IO',
  bun: 'Bun, native publish',
};

/** @param options for the gateway */
export async function startSubject(
  servers: Servers,
  name: SubjectName,
  options?: GatewayOptions,
): Promise<Subject> {
  const server = name === 'gateway' ? await servers.gateway(options) : await servers.peer(name);
  return {name, title: titles[name], server, dialect: dialectOf(name)};
}

function dialectOf(name: SubjectName): Dialect {
  switch (name) {
    case 'gateway':
      return gatewayDialect;
    case 'socket-io':
    case 'express-socket-io':
      return socketIoDialect;
    case 'ws':
    case 'ws-encoded':
    case 'bun':
      return plainDialect;
  }
}
