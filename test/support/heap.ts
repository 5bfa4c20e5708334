/** Measures the live heap after a garbage collection. */
import v8 from 'node:v8';
import vm from 'node:vm';

v8.setFlagsFromString('--expose-gc');

/** Runs a full garbage collection. */
export const collectGarbage = vm.runInNewContext('gc') as () => void;

/** Bytes that cannot be freed, including buffers outside the heap. */
export function liveHeapBytes(): number {
  collectGarbage();
  collectGarbage();
  const {heapUsed, external} = process.memoryUsage();
  return heapUsed + external;
}
