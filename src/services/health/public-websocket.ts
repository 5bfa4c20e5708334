/**
 * Checks whether WebSocket upgrades pass the proxies in front: an invalid token must be closed with our own
 * code 4401.
 */
import {BEARER_SUBPROTOCOL_PREFIX, closeReasons, SUBPROTOCOL} from '@hookswitch/protocol';
import type {Clock} from '../../clock.ts';
import type {
  ProbeAnswer,
  ProbeSocket,
  PublicEndpointProbe,
} from '../../reachability/public-endpoint-probe.ts';
import {type Check, type CheckContext, type Evidence, type Finding, ms, shown} from './check.ts';
import {
  connectionFault,
  describeAnswer,
  intermediaryFault,
  type ReachabilityFault,
} from './reachability-faults.ts';

export interface PublicWebsocketCheckOptions {
  readonly probe: PublicEndpointProbe;
  readonly clock: Clock;
  /** Without a trailing slash. */
  readonly publicUrl: string;
}

/** An invalid token: shorter than any access key may be. */
const INVALID_TOKEN = 'doctor';

export function publicWebsocketCheck(options: PublicWebsocketCheckOptions): Check {
  return {
    id: 'public-websocket',
    title: 'A WebSocket through PUBLIC_URL',
    run: (context) => check(options, context),
  };
}

async function check(
  {probe, clock, publicUrl}: PublicWebsocketCheckOptions,
  {signal}: CheckContext,
): Promise<Finding> {
  const url = `${publicUrl.replace(/^http/, 'ws')}/ws`;
  const startedAt = clock.monotonic();
  const outcome = await probe.openSocket(url, {
    protocols: [SUBPROTOCOL, BEARER_SUBPROTOCOL_PREFIX + INVALID_TOKEN],
    signal,
  });
  const asked = [{label: 'Asked', value: `${url}, with a token that is not valid`}];
  const {code} = closeReasons.unauthorized;
  if (outcome.kind === 'closed' && outcome.code === code)
    return {
      status: 'ok',
      summary: 'Upgrades pass the proxies: the gateway itself closed the socket, as expected.',
      evidence: [
        ...asked,
        {label: 'Closed with', value: `${outcome.code} ${shown(outcome.reason)}`},
        {label: 'Took', value: ms(clock.monotonic() - startedAt)},
      ],
    };
  const {evidence, ...fault} = judge(outcome, new URL(publicUrl).host);
  return {status: 'failed', ...fault, evidence: [...asked, ...evidence]};
}

interface Judged extends ReachabilityFault {
  readonly evidence: readonly Evidence[];
}

function judge(outcome: ProbeSocket, host: string): Judged {
  const remedy = 'Check where the proxy of PUBLIC_URL sends /ws. It must be this server.';
  switch (outcome.kind) {
    case 'closed':
      return {
        summary: `The socket was closed with ${outcome.code}, which the gateway does not use here.`,
        remedy: outcome.code === 1006 ? UPGRADE_REMEDY : remedy,
        evidence: [{label: 'Closed with', value: shown(`${outcome.code} ${outcome.reason}`)}],
      };
    case 'spoke':
      return {summary: 'Another WebSocket server answers there.', remedy, evidence: []};
    case 'silent':
      return {
        summary: 'The socket opened, but no server responded on it.',
        remedy: 'A proxy in front keeps the socket open by itself. Turn off its WebSocket buffering.',
        evidence: [],
      };
    case 'refused':
      return {...refusal(outcome.answer), evidence: describeAnswer(outcome.answer)};
    case 'failed':
      return {
        ...(handshakeFault(outcome) ?? connectionFault(outcome, host)),
        evidence: [{label: 'Error', value: shown(`${outcome.code} ${outcome.message}`)}],
      };
  }
}

const UPGRADE_REMEDY =
  'Configure the proxy to forward upgrades for /ws. In nginx: proxy_http_version 1.1 and the headers Upgrade and Connection.';

/** The fault of an invalid 101 response. The patterns match messages of `ws`. */
function handshakeFault({message}: Extract<ProbeSocket, {kind: 'failed'}>): ReachabilityFault | undefined {
  if (/subprotocol/i.test(message))
    return {
      summary: 'The upgrade passes, but the Sec-WebSocket-Protocol header is lost in one direction.',
      remedy:
        'Configure the proxy to forward Sec-WebSocket-Protocol in both directions, because browsers send their token in it. In nginx: proxy_set_header Sec-WebSocket-Protocol $http_sec_websocket_protocol.',
    };
  if (/sec-websocket-accept|upgrade header|sec-websocket-extensions/i.test(message))
    return {
      summary: 'A proxy in front answers the upgrade by itself, with an invalid WebSocket response.',
      remedy:
        'Check how the proxy or CDN handles /ws. It must forward the upgrade and its response without caching.',
    };
  return undefined;
}

/** The fault if the upgrade got an ordinary HTTP response. */
function refusal(answer: ProbeAnswer): ReachabilityFault {
  const ours = /"code":"([a-z_]+)"/.exec(answer.body)?.[1];
  if (ours === 'no_room')
    return {
      summary: 'The gateway accepts no more sessions (MAX_SESSIONS, or it is shutting down).',
      remedy: 'Raise MAX_SESSIONS, or check the open sessions.',
    };
  // Our response to a plain GET, so the Upgrade header was lost.
  if (ours === 'upgrade_required' || answer.status === 426)
    return {summary: 'The request arrives, but not as an upgrade.', remedy: UPGRADE_REMEDY};
  return (
    intermediaryFault(answer) ?? {
      summary: `The upgrade was answered with ${answer.status}, and no socket opened.`,
      remedy: UPGRADE_REMEDY,
    }
  );
}
