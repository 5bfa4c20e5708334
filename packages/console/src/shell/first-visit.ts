/** Whether this tab has been here before: a first run starts on the health page, once. */
const MARK = 'hookswitch.visited';

let visited: boolean | undefined;

export function isFirstVisit(): boolean {
  visited ??= read();
  return !visited;
}

/** From now on, the first page is the live calls. */
export function markVisited(): void {
  visited = true;
  try {
    sessionStorage.setItem(MARK, '1');
  } catch {}
}

function read(): boolean {
  try {
    return sessionStorage.getItem(MARK) !== null;
  } catch {
    return false;
  }
}
