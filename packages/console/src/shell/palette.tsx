/** Find a call or a command. */
import {Dialog} from '../design/dialog.tsx';

export interface PaletteProps {
  readonly onClose: () => void;
  readonly onHelp: () => void;
}

export default function Palette({onClose}: PaletteProps) {
  return (
    <Dialog open onClose={onClose} title="Find a call or a command">
      <p>Not there yet.</p>
    </Dialog>
  );
}
