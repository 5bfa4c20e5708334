/** Coming back to where somebody was in a list of calls, and going to the beginning of another page of it. */
import {useEffect, useLayoutEffect, useRef} from 'react';
import type {ListNavigation} from '../../design/use-list-navigation.ts';
import {cursorFromQuery} from './history-filter.ts';
import type {Place} from './places.ts';

export interface KeptPlaceOptions {
  readonly place: Place;
  readonly query: string;
  readonly navigation: ListNavigation;
  /** The rows of this place are on the page. */
  readonly isThere: boolean;
}

/** Goes back to where somebody was in this list; on another page of it, to its beginning. */
export function useKeptPlace({place, query, navigation, isThere}: KeptPlaceOptions) {
  const top = useRef<HTMLElement>(null);
  const {selectedId, select} = navigation;
  useEffect(() => {
    if (isThere) place.selected = selectedId;
  }, [place, selectedId, isThere]);
  // Before the page is painted without the list: becoming shorter it scrolls, and that is nobody's place.
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
