/**
 * Explains why PUBLIC_URL did not lead here: the errors of connections, tunnels and proxies, and their
 * remedies.
 */
import type {ProbeAnswer, ProbeFailure} from '../../reachability/public-endpoint-probe.ts';
import {shown, shownUrl} from './check.ts';

export interface ReachabilityFault {
  readonly summary: string;
  readonly remedy: string;
}

/** The fault of a failed connection. */
export function connectionFault({code, message}: ProbeFailure, host: string): ReachabilityFault {
  const fault = connectionFaults.find(([pattern]) => pattern.test(code))?.[1];
  if (fault !== undefined) return {summary: fault.summary.replace('HOST', host), remedy: fault.remedy};
  return {
    summary: `The connection to ${host} failed: ${shown(message)}.`,
    remedy: 'Try it from another network: curl -v $PUBLIC_URL/healthz',
  };
}

const connectionFaults: readonly (readonly [RegExp, ReachabilityFault])[] = [
  [
    /^(ENOTFOUND|EAI_AGAIN|EAI_NODATA|EAI_NONAME)$/,
    {
      summary: 'The host name HOST cannot be resolved.',
      remedy: 'Compare PUBLIC_URL with the address your tunnel shows now, or create the DNS record.',
    },
  ],
  [
    /^ECONNREFUSED$/,
    {
      summary: 'HOST refuses connections.',
      remedy: 'Start the proxy or tunnel that PUBLIC_URL names, and check its port.',
    },
  ],
  [
    /^(ABORTED|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/,
    {
      summary: 'HOST does not answer.',
      remedy:
        'Open its port in the firewall. Some routers do not route their own public address back inside. In that case, try curl $PUBLIC_URL/healthz from another network.',
    },
  ],
  [
    /^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/,
    {
      summary: 'HOST closed the connection without a response.',
      remedy: "Check the proxy's log. It may not reach this server, or it may only accept TLS.",
    },
  ],
  [
    /^CERT_(HAS_EXPIRED|NOT_YET_VALID)$/,
    {
      summary: 'The TLS certificate of HOST is not valid now.',
      remedy: 'Renew it, or correct the clock of this machine.',
    },
  ],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    {
      summary: 'The TLS certificate is not for HOST.',
      remedy: 'Give the proxy a certificate for that name, or set PUBLIC_URL to the name it is for.',
    },
  ],
  [
    /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN)$/,
    {
      summary: 'The TLS certificate of HOST is self-signed, and Twilio refuses those.',
      remedy: "Use a certificate of a public authority, such as Let's Encrypt.",
    },
  ],
  [
    /^(UNABLE_TO_|CERT_|ERR_TLS_|HOSTNAME_MISMATCH|INVALID_CA)/,
    {
      summary: 'The TLS certificate of HOST cannot be verified.',
      remedy: 'Most often the intermediate certificate is missing. Serve the full chain.',
    },
  ],
  [
    /^(EPROTO|ERR_SSL_.*|HPE_.*)$/,
    {
      summary: 'HOST does not use the protocol of PUBLIC_URL (TLS or plain HTTP).',
      remedy: 'Check the scheme and port of PUBLIC_URL.',
    },
  ],
];

/** Faults that a proxy or tunnel reports itself; `undefined` if the response may come from any server. */
export function intermediaryFault(answer: ProbeAnswer): ReachabilityFault | undefined {
  const {status, headers} = answer;
  const location = headers['location'];
  if (status >= 300 && status < 400)
    return {
      summary: `It redirects to ${location === undefined ? 'an unknown address' : shownUrl(location)}.`,
      remedy:
        'Set PUBLIC_URL to the final address. A signature is valid for one URL, and a redirected POST arrives as GET.',
    };
  const ngrok = ngrokFault(answer);
  if (ngrok !== undefined) return ngrok;
  if (status === 401 || status === 403 || status === 407)
    return {
      summary: `A proxy in front answers ${status}: it requires a sign-in, which Twilio does not have.`,
      remedy: 'Exempt /twilio/, /ws and /healthz from the sign-in. The gateway itself checks these requests.',
    };
  if (status === 502 || status === 503 || status === 504)
    return {
      summary: `The proxy answers ${status}: it does not reach this server.`,
      remedy: 'Check the host and port it forwards to. This server listens on PORT.',
    };
  return undefined;
}

function ngrokFault({headers, body, status}: ProbeAnswer): ReachabilityFault | undefined {
  const code = headers['ngrok-error-code'] ?? /\bERR_NGROK_\d{1,5}\b/.exec(body)?.[0];
  if (code === undefined || !/^ERR_NGROK_\d{1,5}$/.test(code)) return undefined;
  switch (code) {
    case 'ERR_NGROK_6024':
      return {
        summary: "ngrok's warning page answers instead of the gateway.",
        remedy:
          'ngrok shows it to browsers on free domains. Use a paid domain, or let pages send the ngrok-skip-browser-warning header.',
      };
    case 'ERR_NGROK_3200':
      return {
        summary: 'The ngrok tunnel is offline.',
        remedy: 'Start it: ngrok http $PORT, and compare its address with PUBLIC_URL.',
      };
    case 'ERR_NGROK_8012':
      return {
        summary: 'ngrok does not reach this server.',
        remedy: 'Point it at the port this server listens on: ngrok http $PORT.',
      };
    default:
      return {
        summary: `ngrok answers ${status} with ${code}.`,
        remedy: `See https://ngrok.com/docs/errors/${code.toLowerCase()}`,
      };
  }
}

/** Describes any other response. */
export function describeAnswer({status, headers, body, address}: ProbeAnswer) {
  const title = /<title[^<>]{0,100}>([^<]{1,200})/i.exec(body)?.[1];
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['HTTP status', String(status)],
    ['Address', address],
    ['Server', headers['server']],
    ['Content-Type', headers['content-type']],
    ['Location', headers['location'] === undefined ? undefined : shownUrl(headers['location'])],
    ['Page title', title],
  ];
  return rows.flatMap(([label, value]) => (value === undefined ? [] : [{label, value: shown(value)}]));
}
