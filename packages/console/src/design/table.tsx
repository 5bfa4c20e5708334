/** A table is a `<table>`: `Table`, `HeadCell`, `Row`, `Cell`. Long ones are virtualised by their screens. */
import type {ComponentProps, CSSProperties, ReactNode, Ref} from 'react';
import {classes} from './classes.ts';
import styles from './table.module.css';

export interface TableProps {
  /** What is in it; read out with the table. */
  readonly label: string;
  readonly children: ReactNode;
  /**
   * `page`: the page scrolls, the head sticks below the header. `frame`: the table scrolls in itself (give `style` a height).
   * @default 'page'
   */
  readonly scroll?: 'page' | 'frame';
  /** Narrow: rows become blocks instead of a table that scrolls sideways. @default true */
  readonly stack?: boolean;
  readonly frameRef?: Ref<HTMLDivElement>;
  readonly frameStyle?: CSSProperties;
  /** Of all rows, also those that are not rendered. */
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
  /** Not what matters most: ended, duplicate, late. */
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
  /** Cut off with an ellipsis; give `title`. */
  readonly truncate?: boolean;
  /** When stacked: stands in front, since the head is gone. */
  readonly label?: string;
  /** When stacked: a line of its own, or at the right end of its line. */
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
