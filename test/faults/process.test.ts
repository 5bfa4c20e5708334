/** Faults of the process: killed, paused, a lost thread, a wrong clock. */
import {survives} from './survives.ts';

survives('kill-at-random', {seed: 41, rules: '[J2] [J7] [W11]'});
survives('kill-inside-group', {seed: 42, rules: '[J1] [J7]'});
survives('kill-before-answer', {seed: 43, rules: '[J2] [J7] [H5]'});
survives('writer-dies', {seed: 44, rules: '[J1] [J3]'});
survives('reader-dies', {seed: 52, rules: '[H5] [W11]'});
survives('clock-jumps', {seed: 45, rules: '[J4]'});
survives('stopped', {seed: 46, rules: '[W11] [W12]'});
survives('event-loop-stall', {seed: 47, rules: '[W11] [W12]'});
survives('squeezed', {seed: 48, rules: '[W11] [W12]'});
survives('half-open', {seed: 49, rules: '[W9] [W11]'});
survives('stampede', {seed: 50, rules: '[W11]'});
survives('mix', {seed: 51, rules: '[J1] [J2] [J7] [W11] [H1]'});
