/** How much memory is really held: the heap after the garbage collector has had its say. */
import v8 from 'node:v8';
import vm from 'node:vm';

v8.setFlagsFromString('--expose-gc');

/** Frees what nothing refers to any more. */
export const collectGarbage = vm.runInNewContext('gc') as () => void;

/** Bytes, of this process: everything that cannot be freed, buffers outside of the heap included. */
export function heldBytes(): number {
  collectGarbage();
  collectGarbage();
  const {heapUsed, external} = process.memoryUsage();
  return heapUsed + external;
}
