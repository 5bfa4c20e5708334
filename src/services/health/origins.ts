/**
 * Checks whether the operator's page may use the gateway. Pages that the gateway serves are always allowed.
 */
import {isAllowedOrigin, type OriginPolicy} from '../../auth/allowed-origins.ts';
import {type Check, type CheckContext, type Finding, shown} from './check.ts';

export type OriginsCheckOptions = OriginPolicy;

export function originsCheck(options: OriginsCheckOptions): Check {
  return {id: 'origins', title: 'Allowed origins', run: async (context) => check(options, context)};
}

function check(options: OriginsCheckOptions, {pageOrigin, pageHost}: CheckContext): Finding {
  const {allowedOrigins, publicUrl} = options;
  const publicOrigin = new URL(publicUrl).origin;
  const evidence = [
    {
      label: 'ALLOWED_ORIGINS',
      value: allowedOrigins === '*' ? '*' : shown(allowedOrigins.join(', ')),
    },
    {label: 'PUBLIC_URL', value: publicOrigin},
    {
      label: 'This page',
      value: pageOrigin === undefined ? 'unknown: not requested from a page' : shown(pageOrigin),
    },
  ];
  if (allowedOrigins === '*')
    return {
      status: 'warning',
      summary: 'Every web page that gets hold of a token may use this gateway.',
      evidence,
      remedy: `List the origins of your pages in ALLOWED_ORIGINS, such as ${publicOrigin}.`,
    };
  if (!isAllowedOrigin({headers: {origin: pageOrigin, host: pageHost}}, options))
    return {
      status: 'failed',
      summary: `The page you are looking at (${shown(pageOrigin ?? '')}) may not open sessions.`,
      evidence,
      remedy: `Add exactly ${shown(pageOrigin ?? '')} to ALLOWED_ORIGINS, or open the page at ${publicOrigin}.`,
    };
  const count = allowedOrigins.length;
  return {
    status: 'ok',
    summary:
      count === 1
        ? 'One origin is listed in ALLOWED_ORIGINS. Pages that the gateway serves are always allowed.'
        : `${count} origins are listed in ALLOWED_ORIGINS. Pages that the gateway serves are always allowed.`,
    evidence,
  };
}
