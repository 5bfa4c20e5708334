/**
 * Selects one row of a list by key, press or focus. `j`, `k` and the arrow keys in a row move the selection.
 * Enter or a double click opens the row; so does a tap, because touch has neither keys nor double clicks. The
 * list is one tab stop. It works with virtualized lists: a row takes the focus when it appears.
 */
import {type KeyboardEvent, type MouseEvent, useEffect, useRef, useState} from 'react';
import {useShortcut} from '../shell/shortcuts.ts';
import {step} from './list-step.ts';

export interface ListNavigationOptions {
  /** All ids in order, including those of rows that are not rendered. */
  readonly ids: readonly string[];
  /** The noun for a row: “call”. */
  readonly noun: string;
  readonly onOpen?: (id: string) => void;
  /** For a virtualized list: scrolls to a row that is not rendered. */
  readonly scrollToIndex?: (index: number) => void;
  /** The initial selection, for example from the URL. */
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
  /** `undefined` once the row has been removed. */
  readonly selectedId: string | undefined;
  /** Selects a row and, by default, focuses it. */
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
  /** The last index of the selection, to continue from when its row is removed. */
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
    // Without a selection, the Tab key focuses the first row.
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
      // A key pressed on a button in the row belongs to the button.
      if (act === undefined || event.target !== event.currentTarget) return;
      event.preventDefault();
      act(id);
    },
  });
  return {selectedId: index === -1 ? undefined : selected, select, rowProps};
}

/** Some browsers do not report the pointer type of a click; there, the row's link opens it. */
function isTap({nativeEvent}: MouseEvent): boolean {
  return nativeEvent instanceof PointerEvent && nativeEvent.pointerType === 'touch';
}

function isControl(event: MouseEvent): boolean {
  return event.target instanceof Element && event.target.closest('a, button, input, select, label') !== null;
}
