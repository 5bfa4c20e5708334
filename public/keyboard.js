/** Single keys for the whole page. They rest while somebody types, and can be switched off. */
import {byId} from './elements.js';

const STORAGE_KEY = 'hookswitch.keys';

/**
 * @typedef {object} KeyActions
 * @property {(step: 1 | -1) => void} move
 * @property {() => void} hangUp
 * @property {() => void} dial
 * @property {() => void} leave what Escape does in a field
 * @property {() => boolean} isReady whether there is anything to act on
 */

/** @param {KeyActions} actions */
export function installKeys(actions) {
  const dialog = byId('keys', HTMLDialogElement);
  const isOn = byId('keys-on', HTMLInputElement);
  isOn.checked = !areSwitchedOff();
  isOn.addEventListener('change', () => switchKeys(isOn.checked));
  byId('show-keys', HTMLButtonElement).addEventListener('click', () => dialog.showModal());

  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || dialog.open) return;
    if (isTyping(event.target)) {
      if (event.key !== 'Escape') return;
      if (event.target instanceof HTMLElement) event.target.blur();
      actions.leave();
      return;
    }
    if (!isOn.checked || !actions.isReady()) return;
    if (act(event)) event.preventDefault();
  });

  /** @param {KeyboardEvent} event @returns {boolean} whether the key is one of ours */
  function act({key, repeat}) {
    switch (key) {
      case 'j':
      case 'ArrowDown':
        actions.move(1);
        return true;
      case 'k':
      case 'ArrowUp':
        actions.move(-1);
        return true;
      case 'x':
        // A key that is held down is one wish.
        if (!repeat) actions.hangUp();
        return true;
      case 'd':
      case '/':
        actions.dial();
        return true;
      case '?':
        dialog.showModal();
        return true;
      default:
        return false;
    }
  }
}

/** @param {EventTarget | null} target */
function isTyping(target) {
  return (
    target instanceof HTMLElement && (target.isContentEditable || target.matches('input, textarea, select'))
  );
}

function areSwitchedOff() {
  try {
    return localStorage.getItem(STORAGE_KEY) === 'off';
  } catch {
    return false;
  }
}

/** @param {boolean} on */
function switchKeys(on) {
  try {
    if (on) localStorage.removeItem(STORAGE_KEY);
    else localStorage.setItem(STORAGE_KEY, 'off');
  } catch {}
}
