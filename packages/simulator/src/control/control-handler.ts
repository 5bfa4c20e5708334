import type {Media} from '../audio/media.ts';

/** All paths that start with this belong to the control API. Twilio does not use it. */
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
  /** The JSON body. No body if undefined. */
  readonly body?: unknown;
  /** A file of the page, sent instead of a body. */
  readonly file?: {
    readonly text: string;
    readonly contentType: string;
    readonly headers?: Readonly<Record<string, string>>;
  };
  /** The audio of a recording, sent instead of a body. */
  readonly media?: Media;
}

export interface ControlHandler {
  handle(request: ControlRequest): Promise<ControlReply>;
}
