/**
 * Remembers whether this tab has visited the console, because the first visit of a new gateway opens the
 * health page.
 */
const MARK = 'hookswitch.visited';

let visited: boolean | undefined;

export function isFirstVisit(): boolean {
  visited ??= read();
  return !visited;
}

/** From now on, the home page shows the live calls. */
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
