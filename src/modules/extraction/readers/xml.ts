import { TextDecoder } from 'node:util';
import { type Handler, Parser } from 'htmlparser2';
import { documentBroken } from '../extraction.errors.js';

/** What a reader wants to hear of an XML file. Names come without their namespace prefix. */
export interface XmlHandler {
  open?(name: string, attributes: Record<string, string>): void;
  text?(text: string): void;
  close?(name: string): void;
}

/**
 * Reads XML piece by piece. Entities other than the five of XML are not resolved, and a file that declares some is
 * refused; nothing outside of the file is ever read.
 * @throws documentBroken if it declares entities or is nested deeper than `maxDepth`; what `handler` throws
 */
export async function parseXml(
  chunks: AsyncIterable<Uint8Array>,
  handler: XmlHandler,
  maxDepth: number,
): Promise<void> {
  const parser = new Parser(handlerFor(handler, maxDepth), { xmlMode: true });
  let decoder: TextDecoder | undefined;
  for await (const chunk of chunks) {
    // The parts of office documents are UTF-8 or, with a mark, UTF-16.
    decoder ??= new TextDecoder(chunk[0] === 0xff && chunk[1] === 0xfe ? 'utf-16le' : 'utf-8');
    parser.write(decoder.decode(chunk, { stream: true }));
  }
  parser.end();
}

function handlerFor(handler: XmlHandler, maxDepth: number): Partial<Handler> {
  let depth = 0;
  return {
    onprocessinginstruction: (_name: string, data: string) => {
      if (/^!DOCTYPE[^]*\[|^!ENTITY/i.test(data))
        throw documentBroken({ detail: 'It declares XML entities.' });
    },
    onopentag: (name: string, attributes: Record<string, string>) => {
      depth += 1;
      if (depth > maxDepth) {
        throw documentBroken({ detail: `Its elements are nested deeper than ${maxDepth} levels.` });
      }
      handler.open?.(localName(name), attributes);
    },
    ontext: (text: string) => handler.text?.(text),
    onclosetag: (name: string) => {
      depth -= 1;
      handler.close?.(localName(name));
    },
  };
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}
