/**
 * Entries of ALLOWED_ORIGINS. One `*` in a host name matches a label or a part of one, so that preview
 * deployments can be listed. It never matches a dot, and is not allowed where anybody could register a name.
 */
import {parseBaseUrl, Refusal} from './parsing.ts';

const REMEDY = 'List origins such as https://app.example.com,http://localhost:3000, without a path.';
const PATTERN_REMEDY =
  'Use one * in a label that you control, such as https://*.example.com or https://app-*.example.com.';

/** An entry in the form of browser origins, `scheme://host[:port]`, with or without a `*` in the host. */
export function parseOrigin(value: string): string | Refusal {
  if (value === '*')
    return new Refusal('has * in addition to other origins', 'Use * alone, or only origins.');
  // Browsers send these for sandboxed frames and for local files.
  if (/^(?:null|file:\/\/)$/i.test(value)) return value.toLowerCase();
  // Browser extensions and packaged apps have their own schemes, for which URL has no `origin`.
  const packaged = /^(?!https?:|file:)[a-z][a-z0-9+.-]*:\/\/[a-z0-9.-]+(?::\d{1,5})?$/i;
  if (packaged.test(value)) return value.toLowerCase();
  if (value.includes(';')) return new Refusal('has entries that are not separated by commas', REMEDY);
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(value))
    return new Refusal('has an entry without a scheme', `Write https:// before it. ${REMEDY}`);
  if (/:\*(?:\/?$)/.test(value)) return new Refusal('has an entry with * as its port', PATTERN_REMEDY);
  const url = parseBaseUrl(value, REMEDY);
  if (url instanceof Refusal) return new Refusal(`has an entry that ${url.fault}`, url.remedy);
  if (url.pathname !== '/') return new Refusal('has an entry with a path', REMEDY);
  return url.hostname.includes('*') ? parsePattern(url) : url.origin;
}

function parsePattern({origin, hostname}: URL): string | Refusal {
  const labels = hostname.replace(/\.$/, '').split('.');
  const at = labels.findIndex((label) => label.includes('*'));
  const label = labels[at] ?? '';
  if (hostname.split('*').length > 2) return new Refusal('has an entry with more than one *', PATTERN_REMEDY);
  if (label.startsWith('xn--'))
    return new Refusal('has an entry with * in a label with non-ASCII letters', PATTERN_REMEDY);
  if (!/^[a-z0-9_-]*\*[a-z0-9_-]*$/.test(label))
    return new Refusal('has an entry that is not a host name', PATTERN_REMEDY);
  const suffix = labels.slice(at + 1);
  if (suffix.some((each) => each === ''))
    return new Refusal('has an entry that is not a host name', PATTERN_REMEDY);
  // All names below localhost are this machine (RFC 6761).
  if (suffix.join('.') === 'localhost') return origin;
  if (suffix.length < 2 || (suffix.length === 2 && isSharedSuffix(suffix)))
    return new Refusal('has an entry with * where anybody can register a name', PATTERN_REMEDY);
  return origin;
}

/** Second levels under which countries register names, as in `co.uk`. */
const SECOND_LEVELS = new Set('ac co com edu gob gouv gov govt ltd mil ne net nom or org plc sch'.split(' '));

/** Whether names are registered below it, as below `co.uk` or `com`. */
function isSharedSuffix([second = '', top = '']: readonly string[]): boolean {
  return top.length === 2 && SECOND_LEVELS.has(second);
}
