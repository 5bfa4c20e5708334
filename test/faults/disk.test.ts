/** Faults of the disk and of the journal's files. */
import {survives} from './survives.ts';

survives('power-loss', {seed: 61, rules: '[J1] [H5]'});
survives('fsync-fails', {seed: 62, rules: '[J1] [H5]'});
survives('fsync-fails-at-times', {seed: 63, rules: '[J1]'});
survives('fsync-slow', {seed: 64, rules: '[J1]'});
survives('disk-full', {seed: 65, rules: '[H5]'});
survives('small-disk-full', {seed: 66, rules: '[H5]'});
survives('read-only', {seed: 67, rules: '[H5]'});
// With this seed, a gateway once started with a flipped bit and did not notice it.
survives('bit-in-database', {seed: 7, rules: '[J1] [J7]'});
survives('bit-in-wal', {seed: 68, rules: '[J7] [W11]'});
survives('tail-of-database', {seed: 69, rules: '[J7]'});
survives('tail-of-wal', {seed: 70, rules: '[J7] [W11]'});
survives('backup-restored', {seed: 71, rules: '[J7] [W11]'});
