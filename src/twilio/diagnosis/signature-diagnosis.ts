/**
 * Why a webhook's signature did not match, for the operator who looks: which candidate of the URL or the body, signed
 * with one of our tokens, gives the signature that came, and the one setting to change. Pure, and bounded in what it
 * computes. Nothing of it lets a request in, and what it returns holds neither a token nor a signature.
 *
 * What a request says of itself (Host, X-Forwarded-*, AccountSid) is only believed when a signature proves it: a
 * stranger must not be able to talk an operator into another PUBLIC_URL.
 */
import {createHash} from 'node:crypto';
import type {SignatureDiagnosis} from '@hookswitch/protocol';
import {parseForm} from '../webhook/form.ts';
import {isSignatureOf, readSignature} from '../webhook/signature.ts';
import {asItCame, bodyCandidates} from './body-candidates.ts';
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

/** Candidates that are tried, each with every token. */
export const MAX_SPELLINGS = 64;

/** Characters of a URL that are shown; Twilio's have a few hundred, a stranger's up to 16,000. */
const MAX_SHOWN = 2048;

export interface RefusedRequest {
  /** Without a trailing slash. */
  readonly publicUrl: string;
  readonly accountSid: string;
  /** The token, and the one that is being rotated in or out. */
  readonly authTokens: readonly string[];
  /** The port we listen on; 0 when that is not known. */
  readonly port: number;
  /** Which of our paths it is about, below `publicUrl`. */
  readonly routePath: string;
  /** The request target, raw as it came. */
  readonly target: string;
  readonly method: string;
  /** Status of the answer. */
  readonly httpStatus: number;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  /** Absent where none was read. */
  readonly body: Buffer | undefined;
  /** Whether anything signed has been accepted since the start. */
  readonly tokenProven: boolean;
}

type Verdict = Pick<SignatureDiagnosis, 'finding' | 'remedy' | 'setting'>;

/** A candidate that was tried. */
interface Attempt {
  readonly candidate: UrlCandidate;
  readonly text: string;
  readonly difference: string;
  /** What was done to the body, if that is what differs. */
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

/** The URL first, since that is what it nearly always is, then the body. */
function attemptsFor(request: RefusedRequest, expected: UrlParts): readonly Attempt[] {
  const {body = Buffer.alloc(0)} = request;
  const isForm = bodyHash(request) === undefined;
  const text = isForm ? asItCame(body) : '';
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

/** Of JSON, Twilio signs a hash in the query instead of fields. */
function bodyHash({target}: RefusedRequest): string | undefined {
  return /[?&]bodySHA256=([0-9a-f]{64})(?:&|$)/i.exec(splitTarget(target).query)?.[1]?.toLowerCase();
}

function withoutSignature({headers}: RefusedRequest): Verdict {
  const isTwilio = /^TwilioProxy\b/.test(headers.get('user-agent') ?? '');
  return isTwilio
    ? {
        finding: 'It says that it is from Twilio, and the X-Twilio-Signature header is missing.',
        remedy: 'Let the proxy in front of the gateway pass X-Twilio-Signature on.',
      }
    : {
        finding: 'There is no X-Twilio-Signature header, so that it is probably not from Twilio.',
        remedy:
          'Nothing needs to be done about a stranger; if it was Twilio, let the proxy in front pass X-Twilio-Signature on.',
      };
}

function notASignature(header: string): Verdict {
  return header.includes(',')
    ? {
        finding: 'There is more than one X-Twilio-Signature header.',
        remedy: 'Let the proxy in front of the gateway pass the header on once, as it came.',
      }
    : {
        finding: 'The X-Twilio-Signature header does not hold what Twilio sends, 28 characters of base64.',
        remedy: 'If it was Twilio, let the proxy in front of the gateway pass the header on as it came.',
      };
}

/** What is refused before a signature is looked at. */
function notTheSignature(request: RefusedRequest, expected: UrlParts): Verdict | undefined {
  const {httpStatus, method, headers, target} = request;
  if (httpStatus === 405) {
    return {
      finding: `It came as ${method.slice(0, 16)}, and webhooks are taken as POST only.`,
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
    const what = encoding === undefined ? `of type ${quote(headers.get('content-type'))}` : 'compressed';
    return {
      finding: `The body is ${what}, and webhooks of Twilio Voice are plain forms.`,
      remedy:
        'If it was Twilio, let the proxy in front of the gateway pass the body and its Content-Type on as they came.',
    };
  }
  return undefined;
}

function explain(request: RefusedRequest, expected: UrlParts, {attempt, token}: Matched): Verdict {
  const {parts} = attempt.candidate;
  if (attempt.body !== undefined) {
    return {
      finding: `Twilio signed this URL and another body: ${attempt.body}.`,
      remedy: 'Let the proxy in front of the gateway pass the body on as it came, byte for byte.',
    };
  }
  if (bodyHash(request) !== undefined) return signedJson(request);
  const difference = describeDifference(attempt.candidate, expected);
  if (difference === 'as expected') {
    return {
      finding: `The signature is good for the expected URL with the ${token} token, which was not so when it came.`,
      remedy: 'Nothing needs to be done.',
    };
  }
  const finding = `Twilio signed ${shown(writeUrl(parts))}, and not the expected URL: ${difference}.`;
  return {finding, ...urlRemedy(request, parts, expected)};
}

function signedJson(request: RefusedRequest): Verdict {
  const {body} = request;
  const hash = body === undefined ? undefined : createHash('sha256').update(body).digest('hex');
  return hash === undefined || hash === bodyHash(request)
    ? {
        finding: 'Twilio signed a JSON body, and webhooks of Twilio Voice are forms.',
        remedy: 'It belongs to another product of Twilio: give that one a URL of its own.',
      }
    : {
        finding: 'Twilio signed a JSON body, and what came is not that body.',
        remedy: 'It belongs to another product of Twilio: give that one a URL of its own.',
      };
}

type Remedy = Omit<Verdict, 'finding'>;

function urlRemedy(request: RefusedRequest, signed: UrlParts, expected: UrlParts): Remedy {
  if (isReordered(signed.query, expected.query)) {
    return {
      remedy:
        'Twilio sorts parameters for the signature: write them in this order in the URL that you give to Twilio. Only if they are in this order there already, a proxy sorts them anew.',
      setting: {name: consoleSetting(request), value: shown(writeUrl({...expected, query: signed.query}))},
    };
  }
  if (signed.query !== expected.query) {
    return {
      remedy:
        'Let the proxy in front of the gateway pass the query on as it came: neither add, drop nor rewrite.',
    };
  }
  if (signed.path !== expected.path) return pathRemedy(request, signed, expected);
  // What PUBLIC_URL cannot say: http across the network, and a scheme's own port.
  const isPlain = signed.scheme === 'http' && !isLoopback(signed.host);
  const isDefaultPort = signed.port === (signed.scheme === 'https' ? '443' : '80');
  if (!isPlain && !isDefaultPort) return changePublicUrl(request, signed);
  if (signed.host === expected.host) return changeAtTwilio(request, expected);
  return {
    ...changePublicUrl(request, {...signed, scheme: isPlain ? 'https' : signed.scheme, port: undefined}),
    remedy: "Set PUBLIC_URL to the host that Twilio calls, and write the webhook's URL at Twilio just so.",
  };
}

function pathRemedy(request: RefusedRequest, signed: UrlParts, expected: UrlParts): Remedy {
  const base = baseOf(request, signed);
  const isDoubled = pathFault(signed, expected) === DOUBLED;
  if (base === undefined || isDoubled || signed.path.includes('//')) return changeAtTwilio(request, expected);
  return changePublicUrl(request, signed);
}

const DOUBLED = 'the path of PUBLIC_URL comes twice';

function pathFault(signed: UrlParts, expected: UrlParts): string {
  const base = expected.path.replace(/\/twilio\/(?:status|voice)$/, '');
  if (base !== '' && signed.path === base + expected.path) return DOUBLED;
  return describeDifference({parts: {...expected, path: signed.path}}, expected);
}

/** What PUBLIC_URL would have to be for this to be the expected URL; `undefined`: nothing. */
function baseOf({routePath}: RefusedRequest, parts: UrlParts): string | undefined {
  if (!parts.path.endsWith(routePath)) return undefined;
  return writeUrl({...parts, path: parts.path.slice(0, -routePath.length), query: ''});
}

function changePublicUrl(request: RefusedRequest, signed: UrlParts): Remedy {
  const value = baseOf(request, signed);
  return {
    remedy: 'Set PUBLIC_URL to the URL under which Twilio reaches the gateway, and restart it.',
    setting: {name: 'PUBLIC_URL', ...(value === undefined ? {} : {value})},
  };
}

function changeAtTwilio(request: RefusedRequest, expected: UrlParts): Remedy {
  // A reference is part of URLs that the gateway gave to Twilio itself: nobody typed those into the console.
  if (/[?&]ref=/.test(expected.query)) {
    return {
      remedy:
        'The gateway itself gave Twilio the expected URL: remove the redirect or the rewriting between Twilio and the gateway.',
    };
  }
  return {
    remedy: 'Write the URL in the Twilio console as the gateway expects it.',
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
      finding: `It is about account ${account}, and the gateway is set up for ${accountSid}, so that another auth token signed it.`,
      remedy:
        'If that account is yours, set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN to its own: a subaccount has its own token, and test credentials sign no webhooks.',
      setting: {name: 'TWILIO_ACCOUNT_SID'},
    };
  }
  const finding = `None of ${tried} candidates of the URL and the body matches, which leaves three causes: it was signed with another auth token, a proxy rewrites the ${fields.size === 0 ? 'body, which arrived without fields' : 'body or drops the query'}, or Twilio was given another path, which a proxy cut off.`;
  if (tokenProven) {
    const already = authTokens.length > 1;
    return {
      finding,
      remedy: `Other webhooks were accepted, so that the token is right or was until it was rotated: ${already ? 'check' : 'set'} TWILIO_AUTH_TOKEN_ALTERNATE, the second token to accept.`,
      setting: {name: 'TWILIO_AUTH_TOKEN_ALTERNATE'},
    };
  }
  return {
    finding,
    remedy:
      'Compare TWILIO_AUTH_TOKEN with the primary auth token in the Twilio console; neither an API key secret nor the token of the test credentials signs webhooks. If it is that one, compare PUBLIC_URL with the URL that the number or the call was given, path included.',
    setting: {name: 'TWILIO_AUTH_TOKEN'},
  };
}

function shown(url: string): string {
  return url.length > MAX_SHOWN ? `${url.slice(0, MAX_SHOWN)}…` : url;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** Of a header: short, and what is no plain text left out. */
function quote(text: string | undefined): string {
  return text === undefined || text === '' ? 'none' : `“${text.slice(0, 80).replaceAll(/[^ -~]/g, '')}”`;
}
