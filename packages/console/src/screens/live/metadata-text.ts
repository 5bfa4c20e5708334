/** Parses metadata from typed lines: `ticket = T-4711`. Pure. */
import type {CallMetadata} from '@hookswitch/protocol';

export type ParsedMetadata =
  | {readonly kind: 'metadata'; readonly metadata: CallMetadata | undefined}
  | {readonly kind: 'fault'; readonly message: string};

/** The gateway's limits (H1), checked here so that the user gets the error before a request. */
const MAX_KEYS = 20;
const MAX_KEY_LENGTH = 64;
const MAX_VALUE_LENGTH = 512;

/** Values are strings, even if they look like numbers, so that `007` is returned as typed. */
export function parseMetadata(text: string): ParsedMetadata {
  const metadata = new Map<string, string>();
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const fault = (message: string): ParsedMetadata => ({
      kind: 'fault',
      message: `Line ${index + 1} ${message}.`,
    });
    const at = line.indexOf('=');
    if (at === -1) return fault('has no =, such as ticket = T-4711');
    const [key, value] = [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    if (key === '') return fault('has no name before the =');
    if (key.length > MAX_KEY_LENGTH) return fault(`has a name of more than ${MAX_KEY_LENGTH} characters`);
    if (value.length > MAX_VALUE_LENGTH)
      return fault(`has a value of more than ${MAX_VALUE_LENGTH} characters`);
    if (metadata.has(key)) return fault(`repeats the name ${key}`);
    metadata.set(key, value);
  }
  if (metadata.size > MAX_KEYS) return {kind: 'fault', message: `At most ${MAX_KEYS} lines.`};
  return {kind: 'metadata', metadata: metadata.size === 0 ? undefined : Object.fromEntries(metadata)};
}
