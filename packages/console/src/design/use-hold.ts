/** Whether somebody points at the table, has the focus in it or has scrolled into it: then nothing in it may move. */
import {type FocusEvent, type PointerEvent, type RefObject, useEffect, useState} from 'react';

export interface HoldProps {
  readonly onPointerEnter: (event: PointerEvent) => void;
  readonly onPointerLeave: () => void;
  readonly onFocus: () => void;
  readonly onBlur: (event: FocusEvent) => void;
}

/** @param box what is pointed at; scrolled when its top has gone below the header */
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
  // What had the focus may be gone, and then nobody says that it has lost it.
  useEffect(() => {
    if (isFocused && box.current?.contains(document.activeElement) !== true) setFocused(false);
  });
  return {
    isHeld: isPointed || isFocused || isScrolled,
    props: {
      // A finger points only while it presses, and then it is the press that counts.
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
