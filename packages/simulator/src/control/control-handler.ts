/** Everything below this path steers the simulator; Twilio has nothing there. */
export const controlPrefix = '/_simulator';

export interface ControlRequest {
  readonly method: string;
  readonly url: URL;
  readonly body: string;
}

export interface ControlReply {
  readonly status: number;
  /** Sent as JSON; nothing when undefined. */
  readonly body?: unknown;
}

export interface ControlHandler {
  handle(request: ControlRequest): Promise<ControlReply>;
}
