/**
 * The session side of the gateway with its HTTP routes, for tests that need tokens other than the access key.
 */

import express from 'express';
import {systemClock} from '../../../src/clock.ts';
import {LocalCluster} from '../../../src/cluster/local-cluster.ts';
import {createSessionRoutes} from '../../../src/handlers/api/session-routes.ts';
import {createErrorHandler, notFoundHandler} from '../../../src/handlers/http/http-errors.ts';
import {createRequestLogger} from '../../../src/handlers/http/request-context.ts';
import {createLogger} from '../../../src/observability/logger.ts';
import {ClusterSessionList} from '../../../src/services/sessions/cluster-session-list.ts';
import {rawRequest} from '../../support/http/http-request.ts';
import {type SessionHost, type SessionHostOptions, startSessionHost} from '../websocket/session-host.ts';

export interface SessionHttp extends AsyncDisposable {
  readonly host: SessionHost;
  get(path: string, token?: string): ReturnType<typeof rawRequest>;
}

export async function startSessionHttp(options: SessionHostOptions = {}): Promise<SessionHttp> {
  const host = await startSessionHost(options);
  const logger = createLogger({level: 'silent'});
  const clusterSessions = new ClusterSessionList({
    sessionList: host.sessions.sessionList,
    cluster: new LocalCluster({nodeId: 'one', clock: systemClock}),
    journal: host.journal,
    logger,
  });
  const app = express();
  app.set('query parser', 'simple');
  app.use(createRequestLogger(logger, systemClock));
  app.use(createSessionRoutes({authenticator: host, clusterSessions}));
  app.use(notFoundHandler);
  app.use(createErrorHandler(logger));
  host.http.on('request', app);
  const url = host.url.replace(/^ws(.*)\/ws$/, 'http$1');
  return {
    host,
    get: (path, token = 'all') => rawRequest(url, {path, headers: {authorization: `Bearer ${token}`}}),
    [Symbol.asyncDispose]: () => host[Symbol.asyncDispose](),
  };
}
