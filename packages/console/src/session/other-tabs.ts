/**
 * The messages between the console's tabs: the key, so that a user enters it only once, and the sign-out.
 *
 * The key is passed between tabs in memory. A cookie would be sent to every other port of the same host, and
 * `localStorage` would leave the key on disk after the browser is closed. Only pages of this origin receive
 * the messages, and those can read this tab's storage anyway. It works without TLS, too.
 */

type TabMessage =
  /** A tab was opened without a key. */
  | {readonly type: 'ask'}
  /** The gateway accepts this key. */
  | {readonly type: 'key'; readonly key: string}
  | {readonly type: 'signed-out'};

export interface TabHandler {
  /** The key, if the gateway has accepted it in this tab. */
  onAsk(): string | undefined;
  onKey(key: string): void;
  onSignedOut(): void;
}

export interface OtherTabs {
  /** Requests the key. Every tab that has a key responds. */
  requestKey(): void;
  sendKey(key: string): void;
  sendSignedOut(): void;
  listen(handler: TabHandler): void;
}

/** The part of `BroadcastChannel` that is used here. */
export type Channel = Pick<BroadcastChannel, 'onmessage' | 'postMessage'>;

/** @param open may throw if the browser lacks the channel; then each tab is on its own */
export function createOtherTabs(open: () => Channel): OtherTabs {
  let channel: Channel | undefined;
  try {
    channel = open();
  } catch {}
  const post = (message: TabMessage) => channel?.postMessage(message);
  return {
    requestKey: () => post({type: 'ask'}),
    sendKey: (key) => post({type: 'key', key}),
    sendSignedOut: () => post({type: 'signed-out'}),
    listen: (handler) => {
      if (channel === undefined) return;
      channel.onmessage = ({data}) => {
        // Another version of the console may send other messages.
        const message = Object(data) as {readonly type?: unknown; readonly key?: unknown};
        if (message.type === 'ask') {
          const key = handler.onAsk();
          if (key !== undefined) post({type: 'key', key});
        } else if (message.type === 'key' && typeof message.key === 'string') handler.onKey(message.key);
        else if (message.type === 'signed-out') handler.onSignedOut();
      };
    },
  };
}
