/** Sends events to one server with many sessions, and measures the cost of the fan-out. */
import {setTimeout as wait} from 'node:timers/promises';
import type {Usage} from '../servers/probe.ts';
import type {GatewayOptions, Servers} from '../servers/servers.ts';
import {type Subject, type SubjectName, startSubject} from '../servers/subjects.ts';
import {signedCallbacks} from './callbacks.ts';
import {HttpConnection} from './http-connection.ts';
import {collectGarbage} from './limits.ts';
import {SessionSwarm} from './session-swarm.ts';

export interface Cost {
  /** Server CPU per delivered message, microseconds. */
  readonly cpuUs: number;
  readonly userUs: number;
  readonly systemUs: number;
  /** Median milliseconds from sending the webhook until the last session received it. */
  readonly lastMs: number;
  readonly clientCpuUs: number;
}

/** Pause between events, so that each finds an idle server. */
const PAUSE_MS = 5;

export class FanOutTarget {
  readonly subject: Subject;
  readonly swarm: SessionSwarm;

  private constructor(subject: Subject) {
    this.subject = subject;
    this.swarm = new SessionSwarm({port: subject.server.port, dialect: subject.dialect});
  }

  /** @param options for the gateway */
  static async open(
    servers: Servers,
    name: SubjectName,
    sessions: number,
    options?: GatewayOptions,
  ): Promise<FanOutTarget> {
    const target = new FanOutTarget(await startSubject(servers, name, options));
    await target.swarm.grow(sessions);
    return target;
  }

  /** Sends `times` groups of `size` events. Each group starts when all sessions have the previous one. */
  async send(times: number, size: number): Promise<Cost> {
    const {port} = this.subject.server;
    const isGateway = this.subject.name === 'gateway';
    // A peer gets a group in one request, which is its best case. The gateway gets one webhook per event.
    const requestsPerGroup = isGateway ? size : 1;
    const requests = signedCallbacks({
      port,
      count: times * requestsPerGroup,
      concurrentCalls: requestsPerGroup,
      copies: size / requestsPerGroup,
    });
    const connections = await HttpConnection.openSeveral(port, requestsPerGroup);
    collectGarbage();
    const lastMs: number[] = [];
    const clientBefore = process.cpuUsage();
    const before = await this.subject.server.usage();
    for (let start = 0; start < requests.length; start += requestsPerGroup) {
      const arriving = this.swarm.expect(size);
      const sentAt = performance.now();
      const answers = connections.map((connection, index) => {
        const request = requests[start + index];
        return request === undefined ? undefined : connection.post(request);
      });
      const [arrivals] = await Promise.all([arriving, ...answers]).catch((cause: unknown) => {
        throw new Error(`${this.subject.title} did not deliver an event to all sessions`, {cause});
      });
      lastMs.push((arrivals.at(-1) ?? Number.NaN) - sentAt);
      await wait(PAUSE_MS);
    }
    const after = await this.subject.server.usage();
    const client = process.cpuUsage(clientBefore);
    for (const connection of connections) connection.close();
    lastMs.sort((a, b) => a - b);
    const messages = times * size * this.swarm.size;
    return {
      ...perMessage(before, after, messages),
      lastMs: lastMs[lastMs.length >> 1] ?? Number.NaN,
      clientCpuUs: (client.user + client.system) / messages,
    };
  }

  async close(): Promise<void> {
    this.swarm.close();
    await this.subject.server.stop();
  }
}

function perMessage(
  before: Usage,
  after: Usage,
  messages: number,
): Pick<Cost, 'cpuUs' | 'userUs' | 'systemUs'> {
  return {
    cpuUs: (after.cpuUs - before.cpuUs) / messages,
    userUs: (after.userUs - before.userUs) / messages,
    systemUs: (after.systemUs - before.systemUs) / messages,
  };
}
