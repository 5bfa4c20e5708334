/** A place in the simulator's banner that a screen can put its buttons in: `<SimulatorSlot>…</SimulatorSlot>`. */
import {createContext, type ReactNode, useContext} from 'react';
import {createPortal} from 'react-dom';

/** The place; `undefined` where Twilio is not simulated. */
export const SimulatorSlotContext = createContext<HTMLElement | undefined>(undefined);

export function SimulatorSlot({children}: {readonly children: ReactNode}) {
  const place = useContext(SimulatorSlotContext);
  return place === undefined ? null : createPortal(children, place);
}
