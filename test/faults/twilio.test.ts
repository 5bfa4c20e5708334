/** Faults of Twilio's REST API and of its callbacks. */
import {survives} from './survives.ts';

survives('twilio-429', {seed: 81, rules: '[H1]'});
survives('twilio-5xx', {seed: 82, rules: '[H1]'});
survives('twilio-reset', {seed: 83, rules: '[H1]'});
survives('twilio-garbage', {seed: 84, rules: '[H1]'});
survives('twilio-hang', {seed: 85, rules: '[H1]'});
survives('twilio-answer-lost', {seed: 86, rules: '[H1]'});
survives('callback-before-answer', {seed: 87, rules: '[H1] [J4]'});
survives('callbacks-repeated', {seed: 88, rules: '[J2]'});
survives('callbacks-reordered', {seed: 89, rules: '[J4]'});
survives('callbacks-an-hour-late', {seed: 90, rules: '[J4]'});
survives('callbacks-lost', {seed: 91, rules: '[J6]'});
