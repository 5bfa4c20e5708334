/** A text that is typed, and taken over elsewhere once nobody types any more; what is typed is never taken back. */
import {useEffect, useRef, useState} from 'react';

const DELAY_MS = 250;

/**
 * @param value the text as it was taken over last, such as in the address; when it changes by itself (the back button), what was typed
 * gives way
 * @param onSettled takes it over; may change with every render
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
