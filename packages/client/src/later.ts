/**
 * What a page does not need before it shows its calls: acting over HTTP, iterating. One module, loaded once the connection is
 * live, or when it is wanted.
 */
export {CallActions} from './call-actions.ts';
export {createEventStream} from './event-stream.ts';
