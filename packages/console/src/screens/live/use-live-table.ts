/** The session's {@link LiveTable}. */
import {gatewayClock} from '../../gateway-clock.ts';
import {perClient} from '../../session/per-client.ts';
import {LiveTable, type LiveTablePorts} from './live-table.ts';

const browser: LiveTablePorts = {
  monotonic: () => performance.now(),
  now: gatewayClock.now,
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

export const useLiveTable = perClient((client) => new LiveTable({client, ports: browser}));
