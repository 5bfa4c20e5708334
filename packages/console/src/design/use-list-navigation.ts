/**
 * One row of a list is selected, by key, press or focus. `j` and `k` (and the arrows in a row) move on, Enter or a double press
 * opens, and so does a tap, since fingers have neither keys nor a second press. The rows are one stop of the Tab key. Works with virtualised lists: a row takes the focus when it appears.
 */
import {type KeyboardEvent, type MouseEvent, useEffect, useRef, useState} from 'react';
import {useShortcut} from '../shell/shortcuts.ts';
import {step} from './list-step.ts';

export interface ListNavigationOptions {
  /** All of them, in order, also those that are not rendered. */
  readonly ids: readonly string[];
  /** What a row is: “call”. */
  readonly noun: string;
  readonly onOpen?: (id: string) => void;
  /** Of a virtualised list: brings a row that is not rendered onto the page. */
  readonly scrollToIndex?: (index: number) => void;
  /** Selected at first, such as from the address. */
  readonly initial?: string;
}

export interface RowNavigationProps {
  readonly ref: (element: HTMLElement | null) => void;
  readonly tabIndex: 0 | -1;
  readonly selected: boolean;
  readonly onFocus: () => void;
  readonly onClick: (event: MouseEvent) => void;
  readonly onDoubleClick: (event: MouseEvent) => void;
  readonly onKeyDown: (event: KeyboardEvent) => void;
}

export interface ListNavigation {
  /** Gone from the list is not selected any more. */
  readonly selectedId: string | undefined;
  /** Selects, and moves the focus there unless told otherwise. */
  readonly select: (id: string | undefined, options?: {readonly focus?: boolean}) => void;
  /** For `<Row {...navigation.rowProps(id)}>`. */
  readonly rowProps: (id: string) => RowNavigationProps;
}

export function useListNavigation({
  ids,
  noun,
  onOpen,
  scrollToIndex,
  initial,
}: ListNavigationOptions): ListNavigation {
  const [selected, setSelected] = useState(initial);
  const toFocus = useRef<string>(undefined);
  const rows = useRef(new Map<string, HTMLElement>());
  const index = selected === undefined ? -1 : ids.indexOf(selected);
  /** Where the selection was, for going on from there when its row has gone. */
  const lastIndex = useRef(-1);
  useEffect(() => {
    if (index !== -1) lastIndex.current = index;
  }, [index]);

  const select: ListNavigation['select'] = (id, {focus = true} = {}) => {
    setSelected(id);
    if (id === undefined || !focus) return;
    scrollToIndex?.(ids.indexOf(id));
    const row = rows.current.get(id);
    if (row === undefined) toFocus.current = id;
    else row.focus();
  };
  const move = (by: number) => {
    const next = ids[step({count: ids.length, index, lastIndex: lastIndex.current, by})];
    if (next !== undefined) select(next);
  };
  const enabled = ids.length > 0;
  useShortcut('j', `Next ${noun}`, () => move(1), {enabled, inPalette: false});
  useShortcut('k', `Previous ${noun}`, () => move(-1), {enabled, inPalette: false});
  useShortcut('Enter', `Open the selected ${noun}`, () => selected !== undefined && onOpen?.(selected), {
    enabled: enabled && onOpen !== undefined,
    inPalette: false,
  });

  const keys: Readonly<Record<string, (id: string) => void>> = {
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    Home: () => move(-ids.length),
    End: () => move(ids.length),
    Enter: (id) => onOpen?.(id),
  };
  const rowProps = (id: string): RowNavigationProps => ({
    ref: (element) => {
      if (element === null) {
        rows.current.delete(id);
        return;
      }
      rows.current.set(id, element);
      if (toFocus.current !== id) return;
      toFocus.current = undefined;
      element.focus();
    },
    // Before anything is selected, the Tab key leads to the first.
    tabIndex: (index === -1 ? ids[0] : ids[index]) === id ? 0 : -1,
    selected: index !== -1 && ids[index] === id,
    onFocus: () => setSelected(id),
    onClick: (event) => {
      if (isControl(event)) return;
      select(id, {focus: false});
      if (isTap(event)) onOpen?.(id);
    },
    onDoubleClick: (event) => {
      if (!isControl(event)) onOpen?.(id);
    },
    onKeyDown: (event) => {
      const act = keys[event.key];
      // What is pressed on a button in the row is the button's.
      if (act === undefined || event.target !== event.currentTarget) return;
      event.preventDefault();
      act(id);
    },
  });
  return {selectedId: index === -1 ? undefined : selected, select, rowProps};
}

/** Browsers whose clicks do not say where they come from have the row's own link. */
function isTap({nativeEvent}: MouseEvent): boolean {
  return nativeEvent instanceof PointerEvent && nativeEvent.pointerType === 'touch';
}

function isControl(event: MouseEvent): boolean {
  return event.target instanceof Element && event.target.closest('a, button, input, select, label') !== null;
}
