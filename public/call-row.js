/**
 * One row of the table.
 *
 * @import {KnownCall, Row} from './calls.js'
 * @import {HangUps} from './hang-ups.js'
 */
import {isActive} from './calls.js';
import {create, setText} from './elements.js';
import {durationText, kindWord, partyText, reasonWords, statusWord} from './words.js';

/**
 * What a row depends on beside its call.
 *
 * @typedef {object} RowContext
 * @property {HangUps} hangUps
 * @property {boolean} mayControl
 * @property {boolean} isLive
 */

export class CallRow {
  #shape = create('span', 'shape');
  #word = create('span', 'word');
  #reason = create('span', 'reason');
  #kind = create('td', 'kind');
  #from = create('bdi');
  #to = create('bdi');
  #error = create('p', 'error');
  #time = create('td', 'time');
  #button = create('button', 'hang-up', 'Hang up');
  element;
  /** @type {KnownCall | undefined} */
  #call;

  /** @param {{callSid: string, onHangUp: () => void, onSelect: () => void}} options */
  constructor({callSid, onHangUp, onSelect}) {
    this.#shape.ariaHidden = 'true';
    const arrow = create('span', 'arrow', '→');
    arrow.ariaHidden = 'true';
    const parties = create(
      'td',
      'parties',
      this.#from,
      ' ',
      arrow,
      create('span', 'unseen', 'to'),
      ' ',
      this.#to,
      this.#error,
    );
    const status = create('td', 'status', this.#shape, create('span', '', this.#word, ' ', this.#reason));
    const cells = [status, this.#kind, parties, this.#time, create('td', 'action', this.#button)];
    for (const cell of cells) cell.setAttribute('role', 'cell');
    this.element = create('tr', '', ...cells);
    this.element.setAttribute('role', 'row');
    this.element.dataset['sid'] = callSid;
    this.element.title = callSid;
    this.element.tabIndex = -1;
    this.element.addEventListener('focusin', onSelect);
    this.element.addEventListener('click', onSelect);
    this.#button.type = 'button';
    this.#button.addEventListener('click', ({detail}) => {
      // The second click of a double click may land on another call, if the first one has moved the rows.
      if (detail <= 1) onHangUp();
    });
  }

  /**
   * @param {Row} row
   * @param {RowContext} context
   */
  update({call, isLeg}, {hangUps, mayControl, isLive}) {
    this.#call = call;
    const {element} = this;
    const active = isActive(call);
    element.dataset['status'] = call.status;
    element.classList.toggle('ended', !active);
    element.classList.toggle('leg', isLeg);
    setText(this.#word, statusWord(call));
    setText(this.#reason, reasonWords(call));
    setText(this.#kind, kindWord(call));
    setText(this.#from, partyText(call.from));
    setText(this.#to, partyText(call.to));
    setText(this.#error, active ? hangUps.errorOf(call.callSid) : '');
    const isUnderWay = hangUps.isUnderWay(call.callSid);
    this.#button.hidden = !active || !mayControl;
    setText(this.#button, isUnderWay ? 'Hanging up…' : 'Hang up');
    this.#button.ariaLabel = `${isUnderWay ? 'Hanging up' : 'Hang up'} ${partyText(call.from)} to ${partyText(call.to)}`;
    this.#button.ariaDisabled = String(isUnderWay || !isLive);
  }

  /** @param {number} now ms since 1970, the server's clock */
  tick(now) {
    const call = this.#call;
    if (call === undefined) return;
    setText(
      this.#time,
      isActive(call) ? durationText((now - (call.answeredAt ?? call.startedAt)) / 1000) : lasted(call),
    );
  }

  /** @param {boolean} isSelected */
  select(isSelected) {
    this.element.tabIndex = isSelected ? 0 : -1;
    if (isSelected) this.element.setAttribute('aria-current', 'true');
    else this.element.removeAttribute('aria-current');
  }
}

/** @param {KnownCall} call */
function lasted({duration}) {
  return duration === undefined ? '–' : durationText(duration);
}
