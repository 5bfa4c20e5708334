/** Descriptions of close codes for the console: our own codes, and the codes of clients and libraries. */
import {closeReasons} from '@hookswitch/protocol';

/** RFC 6455, section 7.4.1, and its registry. If a code is also ours, either side may have sent it. */
const texts: Readonly<Record<number, string>> = {
  1000: 'The client closed the connection.',
  1001: 'The server was going away, or a browser left the page.',
  1002: 'The peer received data that is not valid WebSocket.',
  1003: 'The client does not accept this kind of data.',
  1005: 'The client closed the connection without a code.',
  1006: 'The connection broke without a close frame.',
  1007: 'The peer received text that is not UTF-8.',
  1008: 'A rule of the peer was violated, or a message had too many fragments.',
  1010: 'The client required an extension.',
  1011: 'The peer had an internal error.',
  1012: 'The peer is restarting.',
  1013: 'The peer has no capacity now.',
  1014: 'A gateway in between got an invalid response.',
};

/** One sentence. */
export function closeText(code: number): string {
  const ours = Object.values(closeReasons).find((reason) => reason.code === code)?.text;
  return (
    texts[code] ?? ours ?? (code >= 4000 ? "The client's own code." : "A library's or framework's code.")
  );
}
