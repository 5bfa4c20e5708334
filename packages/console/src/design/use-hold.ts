/**
 * Detects that the user is reading the table: pointing at it, with the focus in it, or scrolled into it. Its
 * rows must not move then.
 */
import {type FocusEvent, type PointerEvent, type RefObject, useEffect, useState} from 'react';

export interface HoldProps {
  readonly onPointerEnter: (event: PointerEvent) => void;
  readonly onPointerLeave: () => void;
  readonly onFocus: () => void;
  readonly onBlur: (event: FocusEvent) => void;
}

/** @param box the element pointed at; it counts as scrolled when its top is above the header's bottom */
export function useHold(box: RefObject<HTMLElement | null>): {
  readonly isHeld: boolean;
  readonly props: HoldProps;
} {
  const [isPointed, setPointed] = useState(false);
  const [isFocused, setFocused] = useState(false);
  const [isScrolled, setScrolled] = useState(false);
  useEffect(() => {
    const look = () => {
      const top = box.current?.getBoundingClientRect().top ?? 0;
      setScrolled(window.scrollY > 0 && top < headerHeight());
    };
    look();
    window.addEventListener('scroll', look, {passive: true});
    return () => window.removeEventListener('scroll', look);
  }, [box]);
  // If the focused element is removed, there is no blur event.
  useEffect(() => {
    if (isFocused && box.current?.contains(document.activeElement) !== true) setFocused(false);
  });
  return {
    isHeld: isPointed || isFocused || isScrolled,
    props: {
      // A finger points only while it presses, and then the press is what counts.
      onPointerEnter: ({pointerType}) => setPointed(pointerType !== 'touch'),
      onPointerLeave: () => setPointed(false),
      onFocus: () => setFocused(true),
      onBlur: ({currentTarget, relatedTarget}) => {
        if (!currentTarget.contains(relatedTarget)) setFocused(false);
      },
    },
  };
}

function headerHeight(): number {
  return document.querySelector('header')?.getBoundingClientRect().bottom ?? 0;
}
