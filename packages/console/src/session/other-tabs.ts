/**
 * The messages between the console's tabs: the key, so that a person enters it once, and the sign-out.
 *
 * The key goes from tab to tab in memory. A cookie would be sent to every other port of the same host, and
 * `localStorage` would leave the key on the disk after the browser is closed. Only pages of this origin hear the channel,
 * and they can read this tab's storage anyway. It works without TLS too.
 */

type TabMessage =
  /** A tab has opened without a key. */
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
  /** Every tab that has a key answers. */
  ask(): void;
  tellKey(key: string): void;
  tellSignedOut(): void;
  listen(handler: TabHandler): void;
}

/** Of `BroadcastChannel`, so much as is needed here. */
export type Channel = Pick<BroadcastChannel, 'onmessage' | 'postMessage'>;

/** @param open may throw where the browser has no channel: then every tab is by itself */
export function createOtherTabs(open: () => Channel): OtherTabs {
  let channel: Channel | undefined;
  try {
    channel = open();
  } catch {}
  const post = (message: TabMessage) => channel?.postMessage(message);
  return {
    ask: () => post({type: 'ask'}),
    tellKey: (key) => post({type: 'key', key}),
    tellSignedOut: () => post({type: 'signed-out'}),
    listen: (handler) => {
      if (channel === undefined) return;
      channel.onmessage = ({data}) => {
        // A tab of another version may say other things.
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
