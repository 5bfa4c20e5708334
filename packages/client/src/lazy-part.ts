/**
 * The parts of the client that a page does not need to show its calls: actions over HTTP, and iterations. This module is
 * loaded when the connection is live, or on first use.
 */
export {CallActions} from './call-actions.ts';
export {createEventStream} from './event-stream.ts';
