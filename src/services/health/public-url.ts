/** Whether PUBLIC_URL, asked through the outside, leads to this very process, or to a node of its journal. */

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
  /** Twilio is simulated: loopback is as public as it needs. */
  readonly simulated: () => boolean;
}

const USER_AGENT = 'hookswitch-doctor';
/** Tunnels treat what says it is a browser differently. */
const BROWSER_USER_AGENT = 'Mozilla/5.0 (compatible; hookswitch-doctor)';

export function publicUrlCheck(options: PublicUrlCheckOptions): Check {
  return {
    id: 'public-url',
    title: 'PUBLIC_URL, asked from outside',
    run: (context) => check(options, context),
  };
}

type Reached =
  | {readonly kind: 'proven'; readonly answer: ProbeAnswer}
  | {readonly kind: 'not'; readonly fault: ReachabilityFault; readonly evidence: readonly Evidence[]};

async function check(options: PublicUrlCheckOptions, context: CheckContext): Promise<Finding> {
  const {publicUrl, clock, simulated, identity} = options;
  const asked = [{label: 'Asked', value: `${publicUrl}/healthz, from this machine`}];
  const startedAt = clock.monotonic();
  const reached = await reach(options, context, USER_AGENT);
  if (reached.kind === 'not')
    return {status: 'failed', ...reached.fault, evidence: [...asked, ...reached.evidence]};
  const {address} = reached.answer;
  const evidence = [
    ...asked,
    {label: 'Answered by', value: identity.answerer},
    {label: 'Took', value: ms(clock.monotonic() - startedAt)},
    ...(address === undefined ? [] : [{label: 'Address', value: address}]),
  ];
  if (isLoopback(new URL(publicUrl).hostname) && !simulated())
    return {
      status: 'failed',
      summary: 'PUBLIC_URL is this machine by its own name: Twilio cannot reach it.',
      evidence,
      remedy: 'Set PUBLIC_URL to the https address of a tunnel or proxy, such as that of ngrok http $PORT.',
    };
  const browser = await reach(options, context, BROWSER_USER_AGENT);
  if (browser.kind === 'not')
    return {
      status: 'warning',
      summary: `PUBLIC_URL leads here, but not for browsers. ${browser.fault.summary}`,
      evidence: [...evidence, {label: 'Asked again as', value: 'a browser'}, ...browser.evidence],
      remedy: browser.fault.remedy,
    };
  return {status: 'ok', summary: `PUBLIC_URL leads to ${identity.answerer}.`, evidence};
}

async function reach(
  {probe, identity, publicUrl}: PublicUrlCheckOptions,
  {signal}: CheckContext,
  userAgent: string,
): Promise<Reached> {
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

/** Somebody answered, and it was not who was `expected`. */
function strangerFault(
  answer: ProbeAnswer,
  body: Readonly<Record<string, unknown>> | undefined,
  expected: string,
): ReachabilityFault {
  if (body?.['status'] === 'alive')
    return {
      summary: `Another gateway answers there, not ${expected}.`,
      remedy:
        'Stop the other one, or point the proxy here; two gateways on one PUBLIC_URL take webhooks from each other.',
    };
  if (answer.headers['content-type']?.startsWith('application/problem+json') === true)
    return {
      summary: 'A gateway answers, and is asked for another path than /healthz.',
      remedy: 'Let the proxy pass the path on as it is, or take exactly the path of PUBLIC_URL off.',
    };
  return {
    summary: 'Another server answers there, not the gateway.',
    remedy: 'Check where the proxy or tunnel of PUBLIC_URL forwards to; this server listens on PORT.',
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
