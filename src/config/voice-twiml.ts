/** What calls hear that bring no TwiML of their own: inline, or a file that is read once, at start. */
import {Refusal} from './parsing.ts';
import {readTextFile} from './text-file.ts';

/** Twilio refuses larger documents (error 11750). */
const MAX_BYTES = 64 * 1024;

const REMEDY =
  'Set it to TwiML such as <Response><Say>Hello</Say></Response>, or to the path of a file with TwiML.';

export const DEFAULT_TWIML =
  '<Response><Say>Thank you for calling. There is nobody here to take your call. Goodbye.</Say></Response>';

/**
 * The TwiML itself, or what is wrong with it. This is no XML parser: it finds the mistakes that people make (a
 * path that does not exist, a fragment without its root, a page of HTML), not every document Twilio would refuse.
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
    return new Refusal(
      'is larger than 64 kB',
      'Make it shorter, or let it <Redirect> to a document of yours.',
    );
  const root = twiml.replace(/^<\?xml[^>]*\?>\s*/, '').replace(/^(?:<!--[\s\S]*?-->\s*)+/, '');
  if (!/^<Response[\s/>]/.test(root)) return new Refusal('is not TwiML: its root is not <Response>', REMEDY);
  if (!/(?:<\/Response\s*>|^<Response[^>]*\/>)(?:\s*<!--[\s\S]*?-->)*$/.test(root))
    return new Refusal('is not TwiML: <Response> is not closed', REMEDY);
  return twiml;
}
