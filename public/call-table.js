/**
 * The table of calls: rows are kept and moved as little as possible, so that focus, selection and a click that is
 * under way stay where they are.
 *
 * @import {Row} from './calls.js'
 * @import {RowContext} from './call-row.js'
 */
import {CallRow} from './call-row.js';
import {byId} from './elements.js';

/** More rows than anybody can look at; the rest is counted. */
const MAX_ROWS = 500;

export class CallTable {
  #table = byId('calls', HTMLTableElement);
  #body = byId('rows', HTMLTableSectionElement);
  /** In the order of the screen. @type {Map<string, CallRow>} */
  #rows = new Map();
  /** @type {string | undefined} */
  #selected;
  #onHangUp;

  /** @param {{onHangUp: (callSid: string) => void}} options */
  constructor({onHangUp}) {
    this.#onHangUp = onHangUp;
  }

  /** @type {string | undefined} */
  get selected() {
    return this.#selected;
  }

  /**
   * @param {Row[]} rows
   * @param {RowContext} context
   * @param {number} now ms since 1970, the server's clock
   */
  render(rows, context, now) {
    const focused = document.activeElement;
    const focusedSid = focused?.closest('tr')?.dataset['sid'];
    const shown = rows.slice(0, MAX_ROWS);
    const before = this.#rows;
    this.#rows = new Map(
      shown.map(({call: {callSid}}) => [callSid, before.get(callSid) ?? this.#create(callSid)]),
    );
    for (const [callSid, {element}] of before) if (!this.#rows.has(callSid)) element.remove();
    for (const row of shown) this.#rows.get(row.call.callSid)?.update(row, context);
    this.#putInOrder();
    this.tick(now);
    this.#table.hidden = shown.length === 0;
    this.#table.classList.toggle('stale', !context.isLive);
    if (this.#selected !== undefined && !this.#rows.has(this.#selected)) this.#selected = undefined;
    this.#markSelected();
    if (focusedSid !== undefined) this.#keepFocus(focused, focusedSid);
  }

  /** @param {number} now ms since 1970, the server's clock */
  tick(now) {
    for (const row of this.#rows.values()) row.tick(now);
  }

  /** Goes to the next or previous row, or (0) back to the selected one; to the first where none is. @param {1 | 0 | -1} step */
  move(step) {
    const sids = [...this.#rows.keys()];
    const at = this.#selected === undefined ? -1 : sids.indexOf(this.#selected);
    const next = sids[at === -1 ? 0 : Math.min(sids.length - 1, Math.max(0, at + step))];
    if (next === undefined) return;
    const element = this.#rows.get(next)?.element;
    element?.focus({preventScroll: true});
    element?.scrollIntoView({block: 'nearest'});
  }

  /** @param {string} callSid */
  #create(callSid) {
    return new CallRow({
      callSid,
      onHangUp: () => this.#onHangUp(callSid),
      onSelect: () => {
        this.#selected = callSid;
        this.#markSelected();
      },
    });
  }

  #putInOrder() {
    /** @type {Element | null} */
    let place = this.#body.firstElementChild;
    for (const {element} of this.#rows.values()) {
      if (element === place) place = place.nextElementSibling;
      // Moving in place keeps focus and presses; browsers without it get `#keepFocus`.
      else if (element.isConnected && 'moveBefore' in this.#body) this.#body.moveBefore(element, place);
      else this.#body.insertBefore(element, place);
    }
  }

  /** One row is in the order of Tab: the selected one, or the first. */
  #markSelected() {
    const [first] = this.#rows.keys();
    for (const [callSid, row] of this.#rows) row.select(callSid === this.#selected);
    const row = this.#selected === undefined && first !== undefined ? this.#rows.get(first) : undefined;
    if (row !== undefined) row.element.tabIndex = 0;
  }

  /**
   * A row that was moved, or whose button went away, has lost the focus without anybody asking for it.
   *
   * @param {Element | null} focused
   * @param {string} callSid
   */
  #keepFocus(focused, callSid) {
    if (document.activeElement === focused && !(focused instanceof HTMLElement && focused.hidden)) return;
    const row = this.#rows.get(callSid)?.element;
    if (focused instanceof HTMLElement && row?.contains(focused) && !focused.hidden)
      focused.focus({preventScroll: true});
    else row?.focus({preventScroll: true});
  }
}
