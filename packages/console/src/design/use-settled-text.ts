/** A text that is reported once the user stops typing. Typed text is never reverted. */
import {useEffect, useRef, useState} from 'react';

const DELAY_MS = 250;

/**
 * @param value the text that was reported last, for example from the URL. If it changes otherwise (back
 * button), it replaces the typed text.
 * @param onSettled receives the text; may change with every render
 */
export function useSettledText(
  value: string,
  onSettled: (text: string) => void,
): readonly [string, (text: string) => void] {
  const [text, setText] = useState(value);
  const settled = useRef(value);
  const handler = useRef(onSettled);
  useEffect(() => {
    handler.current = onSettled;
  });
  useEffect(() => {
    if (value === settled.current) return;
    settled.current = value;
    setText(value);
  }, [value]);
  useEffect(() => {
    if (text === settled.current) return undefined;
    const timer = setTimeout(() => {
      settled.current = text;
      handler.current(text);
    }, DELAY_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return [text, setText];
}
