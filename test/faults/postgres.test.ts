/** Three gateways on one Postgres, and what happens to them and to it. The faults that are not here take longer: `npm run chaos`. */
import {survives} from './survives.ts';

survives('pg-in-turn', {seed: 61, rules: '[J2] [J3] [W11] [H1] [H5]'});
survives('pg-callbacks-repeated', {seed: 63, rules: '[J2]'});
