import type {Media} from '../audio/media.ts';

/** Everything below this path steers the simulator; Twilio has nothing there. */
export const controlPrefix = '/_simulator';

export interface ControlRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
  /** The Accept header. */
  readonly accept: string;
}

export interface ControlReply {
  readonly status: number;
  /** Sent as JSON; nothing when undefined. */
  readonly body?: unknown;
  /** A part of the page, sent instead. */
  readonly file?: {
    readonly text: string;
    readonly contentType: string;
    readonly headers?: Readonly<Record<string, string>>;
  };
  /** The audio of a recording, sent instead. */
  readonly media?: Media;
}

export interface ControlHandler {
  handle(request: ControlRequest): Promise<ControlReply>;
}
