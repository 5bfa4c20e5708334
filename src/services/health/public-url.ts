/**
 * Checks whether PUBLIC_URL, requested from outside, leads to this process or to a node with the same
 * journal.
 */

import type {Clock} from '../../clock.ts';
import {isLoopback} from '../../network/loopback.ts';
import type {ProbeAnswer, PublicEndpointProbe} from '../../reachability/public-endpoint-probe.ts';
import {type Check, type CheckContext, type Evidence, type Finding, ms} from './check.ts';
import type {IdentityChallenge} from './identity-challenge.ts';
import {
  connectionFault,
  describeAnswer,
  intermediaryFault,
  type ReachabilityFault,
} from './reachability-faults.ts';

export interface PublicUrlCheckOptions {
  readonly probe: PublicEndpointProbe;
  readonly identity: IdentityChallenge;
  readonly clock: Clock;
  /** Without a trailing slash. */
  readonly publicUrl: string;
  /** If Twilio is simulated, a loopback PUBLIC_URL is enough. */
  readonly simulated: () => boolean;
}

const USER_AGENT = 'hookswitch-doctor';
/** Some tunnels treat browsers differently. */
const BROWSER_USER_AGENT = 'Mozilla/5.0 (compatible; hookswitch-doctor)';

export function publicUrlCheck(options: PublicUrlCheckOptions): Check {
  return {
    id: 'public-url',
    title: 'PUBLIC_URL, requested from outside',
    run: (context) => check(options, context),
  };
}

type ProbeResult =
  | {readonly kind: 'proven'; readonly answer: ProbeAnswer}
  | {readonly kind: 'not'; readonly fault: ReachabilityFault; readonly evidence: readonly Evidence[]};

async function check(options: PublicUrlCheckOptions, context: CheckContext): Promise<Finding> {
  const {publicUrl, clock, simulated, identity} = options;
  const asked = [{label: 'Asked', value: `${publicUrl}/healthz, from this machine`}];
  const startedAt = clock.monotonic();
  const result = await probeIdentity(options, context, USER_AGENT);
  if (result.kind === 'not')
    return {status: 'failed', ...result.fault, evidence: [...asked, ...result.evidence]};
  const {address} = result.answer;
  const evidence = [
    ...asked,
    {label: 'Answered by', value: identity.answerer},
    {label: 'Took', value: ms(clock.monotonic() - startedAt)},
    ...(address === undefined ? [] : [{label: 'Address', value: address}]),
  ];
  if (isLoopback(new URL(publicUrl).hostname) && !simulated())
    return {
      status: 'failed',
      summary: 'PUBLIC_URL is a loopback address of this machine, so Twilio cannot reach it.',
      evidence,
      remedy: 'Set PUBLIC_URL to the https address of a tunnel or proxy, such as that of ngrok http $PORT.',
    };
  const browser = await probeIdentity(options, context, BROWSER_USER_AGENT);
  if (browser.kind === 'not')
    return {
      status: 'warning',
      summary: `PUBLIC_URL leads here, but not for browsers. ${browser.fault.summary}`,
      evidence: [...evidence, {label: 'Repeated as', value: 'a browser'}, ...browser.evidence],
      remedy: browser.fault.remedy,
    };
  return {status: 'ok', summary: `PUBLIC_URL leads to ${identity.answerer}.`, evidence};
}

async function probeIdentity(
  {probe, identity, publicUrl}: PublicUrlCheckOptions,
  {signal}: CheckContext,
  userAgent: string,
): Promise<ProbeResult> {
  const question = identity.question();
  const outcome = await probe.get(`${publicUrl}/healthz?probe=${question}`, {userAgent, signal});
  if (outcome.kind === 'failed') {
    const evidence = [{label: 'Error', value: outcome.code}];
    return {kind: 'not', fault: connectionFault(outcome, new URL(publicUrl).host), evidence};
  }
  const {answer} = outcome;
  const body = parseObject(answer.body);
  if (answer.status === 200 && identity.isAnswer(question, body?.['probe'])) return {kind: 'proven', answer};
  const fault = intermediaryFault(answer) ?? strangerFault(answer, body, identity.answerer);
  return {kind: 'not', fault, evidence: describeAnswer(answer)};
}

/** The fault if a server other than `expected` has answered. */
function strangerFault(
  answer: ProbeAnswer,
  body: Readonly<Record<string, unknown>> | undefined,
  expected: string,
): ReachabilityFault {
  if (body?.['status'] === 'alive')
    return {
      summary: `Another gateway answers there, not ${expected}.`,
      remedy:
        'Stop the other gateway, or point the proxy here. Two gateways with the same PUBLIC_URL take webhooks from each other.',
    };
  if (answer.headers['content-type']?.startsWith('application/problem+json') === true)
    return {
      summary: 'A gateway answers, but it gets a path other than /healthz.',
      remedy: 'Configure the proxy to keep the path, or to remove exactly the path of PUBLIC_URL.',
    };
  return {
    summary: 'Another server answers there, not the gateway.',
    remedy: 'Check the target of the proxy or tunnel of PUBLIC_URL. This server listens on PORT.',
  };
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
