/** Close codes in words, for whoever looks at how sessions end: ours, and those that a peer or its library gives. */
import {closeReasons} from '@hookswitch/protocol';

/** RFC 6455, section 7.4.1, and the registry it refers to; where a code is also ours, both may have given it. */
const texts: Readonly<Record<number, string>> = {
  1000: 'The client closed it.',
  1001: 'The server was going away, or a browser left the page.',
  1002: 'What came was not WebSocket.',
  1003: 'The client does not take this kind of data.',
  1005: 'The client closed it without a code.',
  1006: 'The connection broke without a close.',
  1007: 'What came was not UTF-8.',
  1008: 'Against a rule of the peer, or too many fragments.',
  1010: 'The client wanted an extension.',
  1011: 'Something went wrong in the peer.',
  1012: 'The peer restarts.',
  1013: 'The peer has no room now.',
  1014: 'A gateway between got a bad answer.',
};

/** One sentence. */
export function closeText(code: number): string {
  const ours = Object.values(closeReasons).find((reason) => reason.code === code)?.text;
  return (
    texts[code] ?? ours ?? (code >= 4000 ? "The client's own code." : "A library's or framework's code.")
  );
}
