/** Three gateways on one Postgres, and what happens to them and to it. The faults that are not here take longer: `npm run chaos`. */
import {survives} from './survives.ts';

survives('pg-in-turn', {seed: 61, rules: '[J2] [J3] [W11] [H1] [H5]'});
survives('pg-callbacks-repeated', {seed: 63, rules: '[J2]'});
survives('pg-crossing', {seed: 64, rules: '[J2] [J3] [J4]'});
survives('pg-deaf-node', {seed: 65, rules: '[J3]'});
survives('pg-commits-gone', {seed: 66, rules: '[W11]'});
survives('pg-stale-lease', {seed: 67, rules: '[N3]'});
