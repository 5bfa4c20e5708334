/** The part of `sax` that is used here. The package has no types of its own. */
declare module 'sax' {
  export interface Tag {
    readonly name: string;
    readonly attributes: Readonly<Record<string, string>>;
  }

  export interface SAXParser {
    onopentag: (tag: Tag) => void;
    onclosetag: (name: string) => void;
    ontext: (text: string) => void;
    oncdata: (text: string) => void;
    onerror: (error: Error) => void;
    write(text: string): SAXParser;
    close(): SAXParser;
  }

  interface Sax {
    parser(strict: boolean, options: {readonly strictEntities: boolean}): SAXParser;
  }

  const sax: Sax;
  export default sax;
}
