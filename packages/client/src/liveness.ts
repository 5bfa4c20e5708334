/** Detects a silent server and sends the client's own heartbeats. */
import {type ConnectionContext, send} from './link.ts';

/** Tolerance beyond the two heartbeat periods in which the server must send a message. */
const SLACK_MS = 2000;

/** Checks the session twice per heartbeat period until the link is closed. */
export function watchLiveness(context: ConnectionContext): void {
  const {link} = context;
  if (link?.session === undefined) return;
  link.cancelCheck?.();
  link.cancelCheck = context.clock.after(link.session.heartbeatMs / 2, () => {
    checkLiveness(context);
    watchLiveness(context);
  });
}

export function checkLiveness(context: ConnectionContext): void {
  const {link} = context;
  if (link?.session === undefined) return;
  const {heartbeatMs} = link.session;
  const now = context.clock.monotonic();
  if (now - link.receivedAt > 2 * heartbeatMs + SLACK_MS) context.dispatch({type: 'silent'});
  else if (now - link.sentAt >= heartbeatMs) send(context, {type: 'session.heartbeat'});
}
