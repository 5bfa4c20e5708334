/** The form that places calls. @import {DialRequest, Outcome} from './place-call.js' */
import {byId, setText} from './elements.js';
import {newIdempotencyKey, placeCall} from './place-call.js';
import {partyText} from './words.js';

/** Fields by their names in the API. */
const FIELD_IDS = {to: 'to', connectTo: 'connect-to'};

export class DialForm {
  #form = byId('dial', HTMLFormElement);
  #button = byId('call', HTMLButtonElement);
  #error = byId('dial-error', HTMLElement);
  #note = byId('dial-note', HTMLElement);
  #fields = Object.entries(FIELD_IDS).map(([name, id]) => ({
    name,
    input: byId(id, HTMLInputElement),
    error: byId(`${id}-error`, HTMLElement),
  }));
  /** Kept while it is open whether its call was placed. @type {{body: string, idempotencyKey: string} | undefined} */
  #submission;
  #isUnderWay = false;
  #url;
  #accessKey;
  #onUnauthorized;

  /** @param {{url: URL, accessKey: () => string | undefined, onUnauthorized: () => void}} options */
  constructor({url, accessKey, onUnauthorized}) {
    this.#url = url;
    this.#accessKey = accessKey;
    this.#onUnauthorized = onUnauthorized;
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#submit();
    });
  }

  /** @param {boolean} isShown */
  show(isShown) {
    this.#form.hidden = !isShown;
  }

  focus() {
    const input = this.#fields[0]?.input;
    input?.focus();
    input?.select();
  }

  clear() {
    this.#form.reset();
    this.#submission = undefined;
    this.#showErrors();
    setText(this.#note, '');
  }

  async #submit() {
    const accessKey = this.#accessKey();
    // A second click or Enter while the first is under way is the same wish.
    if (this.#isUnderWay || accessKey === undefined) return;
    const request = this.#read();
    if (request === undefined) return;
    this.#setUnderWay(true);
    this.#showErrors();
    setText(this.#note, `Calling ${partyText(request.to)}…`);
    const {idempotencyKey} = this.#submissionOf(request);
    const outcome = await placeCall(request, {url: this.#url, accessKey, idempotencyKey});
    this.#setUnderWay(false);
    this.#settle(outcome, request);
  }

  /** The request, or undefined after saying what is missing. @returns {DialRequest | undefined} */
  #read() {
    const [to = '', connectTo = ''] = this.#fields.map(({input}) => tidy(input.value));
    if (to !== '') return connectTo === '' ? {to} : {to, connectTo};
    setText(this.#note, '');
    this.#showErrors({field: 'to', message: 'Enter a number, such as +15550100001.'});
    return undefined;
  }

  /** The same request whose outcome is open goes out under the same key, any other under a new one. @param {DialRequest} request */
  #submissionOf(request) {
    const body = JSON.stringify(request);
    if (this.#submission?.body !== body) this.#submission = {body, idempotencyKey: newIdempotencyKey()};
    return this.#submission;
  }

  /**
   * @param {Outcome} outcome
   * @param {DialRequest} request
   */
  #settle(outcome, request) {
    setText(this.#note, '');
    if (outcome.kind === 'refused') {
      if (outcome.refusal.certain) this.#submission = undefined;
      this.#showErrors(outcome.refusal);
      return;
    }
    this.#submission = undefined;
    if (outcome.kind === 'unauthorized') {
      this.#onUnauthorized();
      return;
    }
    this.#form.reset();
    setText(this.#note, `Call to ${partyText(request.to)} placed.`);
  }

  /** @param {{field: string | undefined, message: string}} [fault] none clears what is shown */
  #showErrors(fault) {
    const field = this.#fields.find(({name}) => name === fault?.field);
    for (const {name, input, error} of this.#fields) {
      const isAtFault = name === field?.name;
      setText(error, isAtFault ? sentence(fault?.message ?? '', name) : '');
      if (isAtFault) input.setAttribute('aria-invalid', 'true');
      else input.removeAttribute('aria-invalid');
    }
    setText(this.#error, field === undefined ? (fault?.message ?? '') : '');
    field?.input.focus();
  }

  /** @param {boolean} isUnderWay */
  #setUnderWay(isUnderWay) {
    this.#isUnderWay = isUnderWay;
    // Not `disabled`, which would take the focus away from whoever pressed it.
    this.#button.setAttribute('aria-disabled', String(isUnderWay));
  }
}

/** Numbers are pasted with spaces, brackets and dashes; names such as `client:jo-ann` keep theirs. @param {string} text */
function tidy(text) {
  const trimmed = text.trim();
  return /^\+[\d\s().\-/]+$/.test(trimmed) ? trimmed.replace(/[^+\d]/g, '') : trimmed;
}

/**
 * Next to the field, its name need not be said again.
 *
 * @param {string} message
 * @param {string} field
 */
function sentence(message, field) {
  const rest = message.startsWith(`${field}: `) ? message.slice(field.length + 2) : message;
  return rest.charAt(0).toUpperCase() + rest.slice(1);
}
