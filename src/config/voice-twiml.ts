/** TwiML for calls without their own: inline, or in a file that is read once at start. */
import {Refusal} from './parsing.ts';
import {readTextFile} from './text-file.ts';

/** Twilio refuses larger documents (error 11750). */
const MAX_BYTES = 64 * 1024;

const REMEDY =
  'Set it to TwiML such as <Response><Say>Hello</Say></Response>, or to the path of a file with TwiML.';

export const DEFAULT_TWIML =
  '<Response><Say>Thank you for calling. There is nobody here to take your call. Goodbye.</Say></Response>';

/**
 * The TwiML itself, or its fault. This is not an XML parser. It finds common mistakes (a missing file, a
 * fragment without a root, an HTML page), but not every document that Twilio would refuse.
 */
export function readTwiml(value: string): string | Refusal {
  const twiml = value.startsWith('<') ? value : readTwimlFile(value);
  return twiml instanceof Refusal ? twiml : checkTwiml(twiml);
}

function readTwimlFile(path: string): string | Refusal {
  const text = readTextFile(path);
  return text instanceof Refusal ? new Refusal(`names a file that ${text.fault}`, REMEDY) : text.trim();
}

function checkTwiml(twiml: string): string | Refusal {
  if (Buffer.byteLength(twiml) > MAX_BYTES)
    return new Refusal('is larger than 64 kB', 'Make it shorter, or <Redirect> to your own document.');
  const root = twiml.replace(/^<\?xml[^>]*\?>\s*/, '').replace(/^(?:<!--[\s\S]*?-->\s*)+/, '');
  if (!/^<Response[\s/>]/.test(root)) return new Refusal('is not TwiML: its root is not <Response>', REMEDY);
  if (!/(?:<\/Response\s*>|^<Response[^>]*\/>)(?:\s*<!--[\s\S]*?-->)*$/.test(root))
    return new Refusal('is not TwiML: <Response> is not closed', REMEDY);
  return twiml;
}
