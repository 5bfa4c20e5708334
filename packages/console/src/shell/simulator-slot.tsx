/** A slot in the simulator's banner for a screen's buttons: `<SimulatorSlot>…</SimulatorSlot>`. */
import {createContext, type ReactNode, useContext} from 'react';
import {createPortal} from 'react-dom';

/** The element; `undefined` if Twilio is not simulated. */
export const SimulatorSlotContext = createContext<HTMLElement | undefined>(undefined);

export function SimulatorSlot({children}: {readonly children: ReactNode}) {
  const place = useContext(SimulatorSlotContext);
  return place === undefined ? null : createPortal(children, place);
}
