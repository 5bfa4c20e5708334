/**
 * Explains to the operator why a webhook's signature did not match. It looks for a candidate of the URL or
 * the body that, signed with one of our tokens, produces the received signature, and names the one setting to
 * change. The code is pure and its cost is bounded. It never accepts a request, and the result contains
 * neither a token nor a signature.
 *
 * Values of the request (Host, X-Forwarded-*, AccountSid) only count if a signature proves them, because a
 * stranger must not be able to talk an operator into another PUBLIC_URL.
 */
import {createHash} from 'node:crypto';
import type {SignatureDiagnosis} from '@hookswitch/protocol';
import {parseForm} from '../webhook/form.ts';
import {isSignatureOf, readSignature} from '../webhook/signature.ts';
import {bodyCandidates, unmodified} from './body-candidates.ts';
import {
  describeDifference,
  expectedParts,
  isReordered,
  splitTarget,
  type UrlCandidate,
  type UrlParts,
  urlCandidates,
  writeUrl,
} from './url-candidates.ts';

/** Maximum number of candidates, each tried with every token. */
export const MAX_SPELLINGS = 64;

/** Maximum length of a shown URL. Twilio's have a few hundred characters, a stranger's up to 16,000. */
const MAX_SHOWN = 2048;

export interface RefusedRequest {
  /** Without a trailing slash. */
  readonly publicUrl: string;
  readonly accountSid: string;
  /** The token, and the one that is being rotated in or out. */
  readonly authTokens: readonly string[];
  /** The port of this gateway; 0 if unknown. */
  readonly port: number;
  /** The path of the route, below `publicUrl`. */
  readonly routePath: string;
  /** The raw request target. */
  readonly target: string;
  readonly method: string;
  /** Status of the response. */
  readonly httpStatus: number;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  /** Absent if none was read. */
  readonly body: Buffer | undefined;
  /** Whether a signed webhook has been accepted since the start. */
  readonly tokenProven: boolean;
}

type Verdict = Pick<SignatureDiagnosis, 'finding' | 'remedy' | 'setting'>;

/** A candidate to try. */
interface Attempt {
  readonly candidate: UrlCandidate;
  readonly text: string;
  readonly difference: string;
  /** The modification of the body, if that is the difference. */
  readonly body?: string;
}

interface Matched {
  readonly attempt: Attempt;
  readonly token: 'primary' | 'alternate';
}

export function diagnose(request: RefusedRequest): SignatureDiagnosis {
  const expected = expectedParts(request);
  const expectedUrl = shown(writeUrl(expected));
  const header = request.headers.get('x-twilio-signature');
  if (header === undefined) return {expectedUrl, candidates: [], ...withoutSignature(request)};
  const early = notTheSignature(request, expected);
  if (early !== undefined) return {expectedUrl, candidates: [], ...early};
  const given = readSignature(header);
  if (given === undefined) return {expectedUrl, candidates: [], ...notASignature(header)};
  const {candidates, matched} = tryAll(request, given, attemptsFor(request, expected));
  const verdict =
    matched === undefined
      ? nothingMatched(request, candidates.length / request.authTokens.length)
      : explain(request, expected, matched);
  return {expectedUrl, candidates, ...verdict};
}

function tryAll({authTokens}: RefusedRequest, given: Buffer, attempts: readonly Attempt[]) {
  const candidates: SignatureDiagnosis['candidates'][number][] = [];
  let matched: Matched | undefined;
  for (const attempt of attempts) {
    const url = writeUrl(attempt.candidate.parts);
    for (const [at, authToken] of authTokens.entries()) {
      const token = at === 0 ? 'primary' : 'alternate';
      const matches = isSignatureOf(given, authToken, url + attempt.text);
      candidates.push({url: shown(url), token, difference: attempt.difference, matches});
      if (matches) matched ??= {attempt, token};
    }
  }
  return {candidates, matched};
}

/** Candidates of the URL, which is nearly always the cause, and then of the body. */
function attemptsFor(request: RefusedRequest, expected: UrlParts): readonly Attempt[] {
  const {body = Buffer.alloc(0)} = request;
  const isForm = bodyHash(request) === undefined;
  const text = isForm ? unmodified(body) : '';
  const bodies = isForm ? bodyCandidates(body) : [];
  const urls = urlCandidates(request).slice(0, MAX_SPELLINGS - bodies.length);
  return [
    ...urls.map((candidate) => ({candidate, text, difference: describeDifference(candidate, expected)})),
    ...bodies.map((each) => ({
      candidate: {parts: expected},
      text: each.text,
      difference: each.difference,
      body: each.difference,
    })),
  ];
}

/** For JSON, Twilio signs a hash in the query instead of fields. */
function bodyHash({target}: RefusedRequest): string | undefined {
  return /[?&]bodySHA256=([0-9a-f]{64})(?:&|$)/i.exec(splitTarget(target).query)?.[1]?.toLowerCase();
}

function withoutSignature({headers}: RefusedRequest): Verdict {
  const isTwilio = /^TwilioProxy\b/.test(headers.get('user-agent') ?? '');
  return isTwilio
    ? {
        finding: 'The request claims to be from Twilio, but the X-Twilio-Signature header is missing.',
        remedy: 'Configure the proxy in front of the gateway to forward X-Twilio-Signature.',
      }
    : {
        finding: 'There is no X-Twilio-Signature header, so the request is probably not from Twilio.',
        remedy:
          'A request of a stranger needs no action. If it was from Twilio, configure the proxy in front to forward X-Twilio-Signature.',
      };
}

function notASignature(header: string): Verdict {
  return header.includes(',')
    ? {
        finding: 'There is more than one X-Twilio-Signature header.',
        remedy: 'Configure the proxy in front of the gateway to forward the header once and unchanged.',
      }
    : {
        finding:
          'The X-Twilio-Signature header does not contain 28 characters of base64, as Twilio sends it.',
        remedy:
          'If it was from Twilio, configure the proxy in front of the gateway to forward the header unchanged.',
      };
}

/** Requests that are refused before the signature check. */
function notTheSignature(request: RefusedRequest, expected: UrlParts): Verdict | undefined {
  const {httpStatus, method, headers, target} = request;
  if (httpStatus === 405) {
    return {
      finding: `The request method is ${method.slice(0, 16)}, but webhooks must be POST.`,
      remedy: 'Set the HTTP method of the webhook to POST in the Twilio console.',
      setting: {name: `HTTP method of ${consoleSetting(request)}`, value: 'HTTP POST'},
    };
  }
  if (httpStatus === 404) {
    const came = {...expected, path: splitTarget(target).path};
    return {
      finding: `The path of the request is not the expected ${expected.path}: ${pathFault(came, expected)}.`,
      ...changeAtTwilio(request, expected),
    };
  }
  if (httpStatus === 415 && bodyHash(request) === undefined) {
    const encoding = headers.get('content-encoding');
    const body = encoding === undefined ? `of type ${quote(headers.get('content-type'))}` : 'compressed';
    return {
      finding: `The body is ${body}, but webhooks of Twilio Voice are plain forms.`,
      remedy:
        'If it was from Twilio, configure the proxy in front of the gateway to forward the body and its Content-Type unchanged.',
    };
  }
  return undefined;
}

function explain(request: RefusedRequest, expected: UrlParts, {attempt, token}: Matched): Verdict {
  const {parts} = attempt.candidate;
  if (attempt.body !== undefined) {
    return {
      finding: `Twilio signed this URL with another body: ${attempt.body}.`,
      remedy: 'Configure the proxy in front of the gateway to forward the body unchanged, byte for byte.',
    };
  }
  if (bodyHash(request) !== undefined) return signedJson(request);
  const difference = describeDifference(attempt.candidate, expected);
  if (difference === 'as expected') {
    return {
      finding: `The signature is valid now for the expected URL with the ${token} token. It was not when the request arrived.`,
      remedy: 'No action is needed.',
    };
  }
  const finding = `Twilio signed ${shown(writeUrl(parts))} instead of the expected URL: ${difference}.`;
  return {finding, ...urlRemedy(request, parts, expected)};
}

function signedJson(request: RefusedRequest): Verdict {
  const {body} = request;
  const hash = body === undefined ? undefined : createHash('sha256').update(body).digest('hex');
  return hash === undefined || hash === bodyHash(request)
    ? {
        finding: 'Twilio signed a JSON body, but webhooks of Twilio Voice are forms.',
        remedy: 'The webhook belongs to another Twilio product. Give that product its own URL.',
      }
    : {
        finding: 'Twilio signed a JSON body, but a different body arrived.',
        remedy: 'The webhook belongs to another Twilio product. Give that product its own URL.',
      };
}

type Remedy = Omit<Verdict, 'finding'>;

function urlRemedy(request: RefusedRequest, signed: UrlParts, expected: UrlParts): Remedy {
  if (isReordered(signed.query, expected.query)) {
    return {
      remedy:
        'Twilio sorts the parameters for the signature. Write them in this order in the URL that you give to Twilio. If they are already in this order there, a proxy reorders them.',
      setting: {name: consoleSetting(request), value: shown(writeUrl({...expected, query: signed.query}))},
    };
  }
  if (signed.query !== expected.query) {
    return {
      remedy:
        'Configure the proxy in front of the gateway to forward the query unchanged, without adding, removing or rewriting parameters.',
    };
  }
  if (signed.path !== expected.path) return pathRemedy(request, signed, expected);
  // PUBLIC_URL cannot express http across the network, or a scheme's default port.
  const isPlain = signed.scheme === 'http' && !isLoopback(signed.host);
  const isDefaultPort = signed.port === (signed.scheme === 'https' ? '443' : '80');
  if (!isPlain && !isDefaultPort) return changePublicUrl(request, signed);
  if (signed.host === expected.host) return changeAtTwilio(request, expected);
  return {
    ...changePublicUrl(request, {...signed, scheme: isPlain ? 'https' : signed.scheme, port: undefined}),
    remedy:
      'Set PUBLIC_URL to the host that Twilio calls, and set exactly this URL for the webhook at Twilio.',
  };
}

function pathRemedy(request: RefusedRequest, signed: UrlParts, expected: UrlParts): Remedy {
  const base = baseOf(request, signed);
  const isDoubled = pathFault(signed, expected) === DOUBLED;
  if (base === undefined || isDoubled || signed.path.includes('//')) return changeAtTwilio(request, expected);
  return changePublicUrl(request, signed);
}

const DOUBLED = 'it contains the path of PUBLIC_URL twice';

function pathFault(signed: UrlParts, expected: UrlParts): string {
  const base = expected.path.replace(/\/twilio\/(?:status|voice)$/, '');
  if (base !== '' && signed.path === base + expected.path) return DOUBLED;
  return describeDifference({parts: {...expected, path: signed.path}}, expected);
}

/** The PUBLIC_URL that would make this the expected URL; `undefined` if there is none. */
function baseOf({routePath}: RefusedRequest, parts: UrlParts): string | undefined {
  if (!parts.path.endsWith(routePath)) return undefined;
  return writeUrl({...parts, path: parts.path.slice(0, -routePath.length), query: ''});
}

function changePublicUrl(request: RefusedRequest, signed: UrlParts): Remedy {
  const value = baseOf(request, signed);
  return {
    remedy: 'Set PUBLIC_URL to the URL at which Twilio reaches the gateway, and restart the gateway.',
    setting: {name: 'PUBLIC_URL', ...(value === undefined ? {} : {value})},
  };
}

function changeAtTwilio(request: RefusedRequest, expected: UrlParts): Remedy {
  // Only URLs that the gateway itself gave to Twilio have a reference. Nobody typed them into the console.
  if (/[?&]ref=/.test(expected.query)) {
    return {
      remedy:
        'The gateway itself gave Twilio the expected URL. Remove the redirect or rewrite between Twilio and the gateway.',
    };
  }
  return {
    remedy: 'Set the URL in the Twilio console to the one that the gateway expects.',
    setting: {name: consoleSetting(request), value: shown(writeUrl(expected))},
  };
}

function consoleSetting({routePath}: RefusedRequest): string {
  return routePath.endsWith('/voice')
    ? '“A call comes in” of the number, in the Twilio console'
    : '“Call status changes” of the number, in the Twilio console';
}

function nothingMatched({body, accountSid, authTokens, tokenProven}: RefusedRequest, tried: number): Verdict {
  const form = parseForm(body ?? Buffer.alloc(0));
  const fields = new Map(form.kind === 'form' ? form.fields : []);
  const account = fields.get('AccountSid');
  if (account !== undefined && account !== accountSid && /^AC[0-9a-f]{32}$/i.test(account)) {
    return {
      finding: `The webhook is about account ${account}, but the gateway is configured for ${accountSid}. So another auth token signed it.`,
      remedy:
        'If that account is yours, set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN to its values. A subaccount has its own token, and test credentials do not sign webhooks.',
      setting: {name: 'TWILIO_ACCOUNT_SID'},
    };
  }
  const finding = `None of ${tried} candidates of the URL and the body matches. There are three possible causes: it was signed with another auth token, a proxy rewrites the ${fields.size === 0 ? 'body, which arrived without fields' : 'body or drops the query'}, or Twilio has a URL with another path, which a proxy removed.`;
  if (tokenProven) {
    const already = authTokens.length > 1;
    return {
      finding,
      remedy: `Other webhooks were accepted, so the token is right, or was until a rotation. ${already ? 'Check' : 'Set'} TWILIO_AUTH_TOKEN_ALTERNATE, the second token to accept.`,
      setting: {name: 'TWILIO_AUTH_TOKEN_ALTERNATE'},
    };
  }
  return {
    finding,
    remedy:
      'Compare TWILIO_AUTH_TOKEN with the primary auth token in the Twilio console. Neither an API key secret nor the token of the test credentials signs webhooks. If the token is right, compare PUBLIC_URL with the URL of the number or the call, including its path.',
    setting: {name: 'TWILIO_AUTH_TOKEN'},
  };
}

function shown(url: string): string {
  return url.length > MAX_SHOWN ? `${url.slice(0, MAX_SHOWN)}…` : url;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** Quotes a header: shortened, and without characters that are not plain text. */
function quote(text: string | undefined): string {
  return text === undefined || text === '' ? 'none' : `“${text.slice(0, 80).replaceAll(/[^ -~]/g, '')}”`;
}
