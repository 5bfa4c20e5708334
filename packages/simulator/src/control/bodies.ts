import {z} from 'zod';
import type {Faults} from '../faults/faults.ts';
import type {Scenario} from '../scenarios/scenario.ts';

/**
 * Schemas for bodies and queries of the control API. Unknown fields are refused, so that a misspelled field
 * is not ignored.
 */

const address = z.string().min(1).max(1000);
/** Validated where scenarios are parsed, with a more precise error. */
const scenario = z.custom<Scenario>((value) => typeof value === 'string' || isObject(value), {
  error: 'A scenario must be a name or an object',
});

export const noFields = z.strictObject({});

export const inboundCall = z.strictObject({
  from: address,
  to: address.exactOptional(),
  scenario: scenario.exactOptional(),
  callerName: z.string().max(1000).exactOptional(),
  forwardedFrom: address.exactOptional(),
  stirVerstat: address.exactOptional(),
  applicationSid: address.exactOptional(),
  parameters: z.record(z.string(), z.string()).exactOptional(),
});

export const keysPressed = z.strictObject({keys: z.string()});
export const utterance = z.strictObject({text: z.string()});
export const declined = z.strictObject({status: z.enum(['busy', 'no-answer']).default('no-answer')});
export const scenarioSet = z.strictObject({numbers: z.string().min(1).max(256), scenario});
export const clockSet = z.strictObject({mode: z.enum(['running', 'manual'])});
export const clockAdvance = z.strictObject({seconds: z.number()});
/** Validated where faults are set, with a more precise error. */
export const faultsSet = z.custom<Faults>(isObject, {error: 'Expected a JSON object'});

const text = z.string().max(1000);
export const noQuery = z.strictObject({});
export const ofCallQuery = z.strictObject({callSid: text.exactOptional()});
export const deliveriesQuery = z.strictObject({
  callSid: text.exactOptional(),
  kind: z.enum(['status', 'twiml', 'recording', 'amd', '']).exactOptional(),
});

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
