import sax, {type SAXParser} from 'sax';
import {TwimlError} from './twiml-error.ts';

/** A verb or noun of a TwiML document. Names and attributes are case-sensitive. */
export interface TwimlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly TwimlElement[];
  /** Text directly inside, trimmed. */
  readonly text: string;
  /** All text inside, including nested elements, with single spaces. */
  readonly fullText: string;
}

interface OpenElement extends TwimlElement {
  readonly children: OpenElement[];
  text: string;
  fullText: string;
}

/** Parses a document. Throws a TwimlError: 12100 if it is not XML, 12102 if its root is not `<Response>`. */
export function parseTwiml(document: string): readonly TwimlElement[] {
  const root = parseXml(document);
  if (root.name !== 'Response') {
    throw new TwimlError(12102, `Schema validation: the root element is <${root.name}>, not <Response>`);
  }
  return root.children;
}

interface ParseState {
  readonly open: OpenElement[];
  root: OpenElement | null;
  failure: Error | null;
}

function parseXml(document: string): TwimlElement {
  const state: ParseState = {open: [], root: null, failure: null};
  try {
    xmlParser(state)
      .write(document.replace(/^\uFEFF/, '').trimStart())
      .close();
  } catch (error) {
    // After an error, sax throws on every write. That error is already stored in `failure`.
    if (state.root === null || state.open.length > 0) state.failure ??= error as Error;
  }
  if (state.failure !== null || state.root === null) {
    const why = state.failure?.message.replaceAll('\n', ' ') ?? 'no element';
    throw new TwimlError(12100, `Document parse failure: ${why}`);
  }
  return state.root;
}

function xmlParser(state: ParseState): SAXParser {
  const parser = sax.parser(true, {strictEntities: true});
  const {open} = state;
  parser.onerror = (error) => {
    // Content after the first root element is ignored.
    if (state.root === null || open.length > 0) state.failure ??= error;
  };
  parser.onopentag = ({name, attributes}) => {
    const element: OpenElement = {name, attributes: {...attributes}, children: [], text: '', fullText: ''};
    open.at(-1)?.children.push(element);
    state.root ??= element;
    open.push(element);
  };
  parser.onclosetag = () => {
    const closed = open.pop();
    if (closed === undefined) return;
    closed.text = closed.text.trim();
    closed.fullText = closed.fullText.replace(/\s+/g, ' ').trim();
  };
  const addText = (text: string) => {
    const parent = open.at(-1);
    if (parent !== undefined) parent.text += text;
    for (const element of open.slice(1)) element.fullText += text;
  };
  parser.ontext = addText;
  parser.oncdata = addText;
  return parser;
}
