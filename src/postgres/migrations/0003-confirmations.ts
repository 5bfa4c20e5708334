/** The results of lookups, shared with the other nodes. */
import type {Migration} from './migration.ts';

export const confirmationTable: Migration = {
  id: 3,
  name: 'confirmations',
  up: `
CREATE UNLOGGED TABLE hookswitch.confirmations (
  call_sid        text        PRIMARY KEY,
  "offset"        bigint      NOT NULL,
  confirmed_until timestamptz NOT NULL
) WITH (fillfactor = 70);
COMMENT ON TABLE hookswitch.confirmations IS 'Calls in progress that Twilio has confirmed when it was asked. Not logged: what is lost is asked again.';
COMMENT ON COLUMN hookswitch.confirmations.call_sid IS 'The call.';
COMMENT ON COLUMN hookswitch.confirmations."offset" IS 'Its last entry when Twilio was asked; a newer one speaks for itself.';
COMMENT ON COLUMN hookswitch.confirmations.confirmed_until IS 'When it is to be asked again, by the clock of the database.';
`,
};
