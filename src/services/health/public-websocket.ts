/** Whether a WebSocket upgrade passes the proxies in front: a wrong token has to be closed with our own 4401. */
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

/** Nobody's token: shorter than any access key may be. */
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
      summary: 'Upgrades pass: the gateway itself closed the socket, as it should.',
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
  const remedy = 'Check where the proxy of PUBLIC_URL sends /ws: it has to be this server.';
  switch (outcome.kind) {
    case 'closed':
      return {
        summary: `The socket was closed with ${outcome.code}, which is not what the gateway does.`,
        remedy: outcome.code === 1006 ? UPGRADE_REMEDY : remedy,
        evidence: [{label: 'Closed with', value: shown(`${outcome.code} ${outcome.reason}`)}],
      };
    case 'spoke':
      return {summary: 'Another WebSocket server answers there.', remedy, evidence: []};
    case 'silent':
      return {
        summary: 'The socket opened, and nobody at the other end noticed.',
        remedy: 'Something in front holds the socket open by itself: switch its WebSocket buffering off.',
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
  'Let the proxy pass upgrades on for /ws: in nginx proxy_http_version 1.1 with the headers Upgrade and Connection.';

/** An upgrade was answered with 101, and not as it has to be: the words are those of `ws`. */
function handshakeFault({message}: Extract<ProbeSocket, {kind: 'failed'}>): ReachabilityFault | undefined {
  if (/subprotocol/i.test(message))
    return {
      summary: 'The upgrade passes, but the header Sec-WebSocket-Protocol is lost on the way there or back.',
      remedy:
        'Let the proxy pass Sec-WebSocket-Protocol on in both directions: browsers send their token in it. In nginx: proxy_set_header Sec-WebSocket-Protocol $http_sec_websocket_protocol.',
    };
  if (/sec-websocket-accept|upgrade header|sec-websocket-extensions/i.test(message))
    return {
      summary: 'Something in front answers the upgrade by itself, and not as a WebSocket server does.',
      remedy:
        'Check what the proxy or CDN does with /ws: it must pass the upgrade and its answer on, uncached.',
    };
  return undefined;
}

/** The upgrade was answered as a request. */
function refusal(answer: ProbeAnswer): ReachabilityFault {
  const ours = /"code":"([a-z_]+)"/.exec(answer.body)?.[1];
  if (ours === 'no_room')
    return {
      summary: 'The gateway takes no more sessions (MAX_SESSIONS, or it is going away).',
      remedy: 'Raise MAX_SESSIONS, or look at who is connected.',
    };
  // Ours for a plain GET: the Upgrade header was lost on the way.
  if (ours === 'upgrade_required' || answer.status === 426)
    return {summary: 'The request arrives, but not as an upgrade.', remedy: UPGRADE_REMEDY};
  return (
    intermediaryFault(answer) ?? {
      summary: `The upgrade was answered ${answer.status}, and no socket opened.`,
      remedy: UPGRADE_REMEDY,
    }
  );
}
