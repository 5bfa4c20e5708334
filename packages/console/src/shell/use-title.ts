import {useEffect} from 'react';

/** What the tab says while the component is mounted. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Hookswitch`;
  }, [title]);
}
