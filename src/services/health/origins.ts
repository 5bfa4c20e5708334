/** Whether the pages that should be let in are: that of PUBLIC_URL, and the one the operator is looking at. */
import {matchesOrigin} from '../../config/origin-patterns.ts';
import {type Check, type CheckContext, type Finding, shown} from './check.ts';

export interface OriginsCheckOptions {
  readonly allowedOrigins: readonly string[] | '*';
  readonly publicUrl: string;
}

export function originsCheck(options: OriginsCheckOptions): Check {
  return {id: 'origins', title: 'Allowed origins', run: async (context) => check(options, context)};
}

function check({allowedOrigins, publicUrl}: OriginsCheckOptions, {pageOrigin}: CheckContext): Finding {
  const publicOrigin = new URL(publicUrl).origin;
  const evidence = [
    {
      label: 'ALLOWED_ORIGINS',
      value: allowedOrigins === '*' ? '*' : shown(allowedOrigins.join(', ')),
    },
    {label: 'PUBLIC_URL', value: publicOrigin},
    {
      label: 'This page',
      value: pageOrigin === undefined ? 'unknown: not asked from a page' : shown(pageOrigin),
    },
  ];
  if (allowedOrigins === '*')
    return {
      status: 'warning',
      summary: 'Every web page may use this gateway with a token it got hold of.',
      evidence,
      remedy: `List the origins of your pages in ALLOWED_ORIGINS, such as ${publicOrigin}.`,
    };
  if (pageOrigin !== undefined && !matchesOrigin(allowedOrigins, pageOrigin))
    return {
      status: 'failed',
      summary: `The page you are looking at (${shown(pageOrigin)}) may not open sessions.`,
      evidence,
      remedy: `Add ${shown(pageOrigin)} to ALLOWED_ORIGINS, exactly so, or open the page at ${publicOrigin}.`,
    };
  if (!matchesOrigin(allowedOrigins, publicOrigin))
    return {
      status: 'warning',
      summary: 'Pages that the gateway itself serves at PUBLIC_URL may not open sessions.',
      evidence,
      remedy: `Add ${publicOrigin} to ALLOWED_ORIGINS, unless nobody uses the console there.`,
    };
  const count = allowedOrigins.length;
  return {
    status: 'ok',
    summary:
      count === 1
        ? 'One origin may open sessions, and it is the right one.'
        : `${count} origins may open sessions, the right ones among them.`,
    evidence,
  };
}
