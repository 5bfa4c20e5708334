/** A semantic table: `Table`, `HeadCell`, `Row`, `Cell`. Screens virtualize long tables themselves. */
import type {ComponentProps, CSSProperties, ReactNode, Ref} from 'react';
import {classes} from './classes.ts';
import styles from './table.module.css';

export interface TableProps {
  /** Describes the content, for screen readers. */
  readonly label: string;
  readonly children: ReactNode;
  /**
   * `page`: the page scrolls, and the head sticks below the header. `frame`: the table scrolls inside its
   * frame (give `style` a height).
   * @default 'page'
   */
  readonly scroll?: 'page' | 'frame';
  /** On narrow screens, rows become blocks instead of scrolling sideways. @default true */
  readonly stack?: boolean;
  readonly frameRef?: Ref<HTMLDivElement>;
  readonly frameStyle?: CSSProperties;
  /** Number of all rows, including those that are not rendered. */
  readonly rowCount?: number;
  readonly className?: string;
}

export function Table({
  label,
  children,
  scroll = 'page',
  stack = true,
  frameRef,
  frameStyle,
  rowCount,
  className,
}: TableProps) {
  return (
    <div
      ref={frameRef}
      style={frameStyle}
      className={classes(styles.frame, scroll === 'frame' ? styles.scroll : styles['page-head'])}
    >
      <table
        aria-label={label}
        aria-rowcount={rowCount}
        className={classes(styles.table, stack && styles.stack, className)}
      >
        {children}
      </table>
    </div>
  );
}

export interface HeadCellProps {
  readonly children: ReactNode;
  readonly align?: 'start' | 'end';
  /** CSS width. */
  readonly width?: string;
  readonly sort?: 'ascending' | 'descending';
}

export function HeadCell({children, align = 'start', width, sort}: HeadCellProps) {
  return (
    <th
      scope="col"
      aria-sort={sort}
      className={align === 'end' ? styles.end : undefined}
      style={width === undefined ? undefined : {width}}
    >
      {children}
    </th>
  );
}

export interface RowProps extends Omit<ComponentProps<'tr'>, 'className'> {
  readonly selected?: boolean;
  /** Less important: ended, duplicate, late. */
  readonly muted?: boolean;
}

/** Spread `navigation.rowProps(id)` of `useListNavigation` into it. */
export function Row({selected = false, muted = false, ...rest}: RowProps) {
  return (
    <tr
      {...rest}
      aria-current={selected ? 'true' : undefined}
      data-selected={selected || undefined}
      className={classes(styles.row, muted && styles.muted)}
    />
  );
}

export interface CellProps extends Omit<ComponentProps<'td'>, 'className' | 'align'> {
  readonly align?: 'start' | 'end';
  /** Cut off with an ellipsis; also set `title`. */
  readonly truncate?: boolean;
  /** Shown before the value when stacked, because the head is hidden then. */
  readonly label?: string;
  /** When stacked: a line of its own, or the right end of a line. */
  readonly stacked?: 'grow' | 'push';
}

export function Cell({align = 'start', truncate = false, label, stacked, ...rest}: CellProps) {
  return (
    <td
      {...rest}
      data-label={label}
      className={classes(
        align === 'end' && styles.end,
        truncate && styles.truncate,
        stacked !== undefined && styles[stacked],
      )}
    />
  );
}
