/** Restores the scroll position and selection of a list of calls, or scrolls to the start of another page. */
import {useEffect, useLayoutEffect, useRef} from 'react';
import type {ListNavigation} from '../../design/use-list-navigation.ts';
import {cursorFromQuery} from './history-filter.ts';
import type {Place} from './places.ts';

export interface KeptPlaceOptions {
  readonly place: Place;
  readonly query: string;
  readonly navigation: ListNavigation;
  /** The rows of this place are rendered. */
  readonly isThere: boolean;
}

/** Restores the previous position in this list. Another page of the list starts at the top. */
export function useKeptPlace({place, query, navigation, isThere}: KeptPlaceOptions) {
  const top = useRef<HTMLElement>(null);
  const {selectedId, select} = navigation;
  useEffect(() => {
    if (isThere) place.selected = selectedId;
  }, [place, selectedId, isThere]);
  // In a layout effect, because the page scrolls by itself when the list becomes shorter, and that position
  // must not be saved.
  useLayoutEffect(() => {
    const keep = () => {
      place.scrollY = window.scrollY;
    };
    window.addEventListener('scroll', keep, {passive: true});
    return () => window.removeEventListener('scroll', keep);
  }, [place]);
  const cursor = cursorFromQuery(query);
  const before = useRef<string | undefined>(cursor);
  const selectNow = useRef(select);
  useEffect(() => {
    selectNow.current = select;
  });
  const {scrollY, selected} = place;
  const restored = useRef<Place>(undefined);
  useLayoutEffect(() => {
    if (!isThere || restored.current === place) return;
    restored.current = place;
    const isOtherPage = before.current !== cursor;
    before.current = cursor;
    if (scrollY !== undefined) {
      window.scrollTo({top: scrollY});
      if (isOtherPage) selectNow.current(selected, {focus: false});
    } else if (isOtherPage) {
      selectNow.current(undefined);
      top.current?.scrollIntoView({block: 'start'});
    }
  }, [isThere, place, cursor, scrollY, selected]);
  return top;
}
