/** Cluster faults that are short enough for the tests. `npm run chaos` runs the others. */
import {survives} from './survives.ts';

survives('pg-in-turn', {seed: 61, nodes: 3, rules: '[J2] [J3] [W11] [H1] [H5]'});
survives('pg-callbacks-repeated', {seed: 63, nodes: 2, rules: '[J2]'});
survives('pg-crossing', {seed: 64, nodes: 2, rules: '[J2] [J3] [J4]'});
survives('pg-crossing', {seed: 64, nodes: 3, rules: '[J2] [J3] [J4]'});
survives('pg-no-notifications', {seed: 65, nodes: 2, rules: '[J3]'});
survives('pg-commits-gone', {seed: 66, nodes: 2, rules: '[W11]'});
survives('pg-stale-lease', {seed: 67, nodes: 2, rules: '[N3]'});
