const MAX_BYTES = 200;
const MAX_EXTENSION_LENGTH = 20;
const NAMELESS = 'file';

// Control characters, what turns the direction of a text, what cannot be seen, and line separators.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;
/** What some file system or shell takes for something else. */
const FORBIDDEN = /[<>:"|?*]/g;
/** What browsers encode in the name of a form's file: a quotation mark, and the ends of lines. */
const ENCODED = /%(22|0A|0D)/gi;
/** Names of devices on Windows, with any extension. */
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/**
 * A name that can be shown, sent and written anywhere, made from one that a client sent: its last part, in composed
 * form, at most 200 bytes long in UTF-8, its extension kept.
 */
export function cleanFileName(sent: string): string {
  const last = sent.toWellFormed().normalize('NFC').split(/[/\\]/).at(-1) ?? '';
  const visible = last
    .replaceAll(ENCODED, '_')
    .replaceAll('\uFFFD', '_')
    .replaceAll(INVISIBLE, '')
    .replaceAll(FORBIDDEN, '_')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/^[. ]+|[. ]+$/g, '');
  const name = DEVICE.test(visible) ? `_${visible}` : visible;
  return shorten(name) || NAMELESS;
}

/** The extension in lower case, without its dot; empty if there is none. */
export function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot > 0 ? name.slice(dot + 1).toLowerCase() : '';
}

function shorten(name: string): string {
  if (Buffer.byteLength(name) <= MAX_BYTES) return name;
  const dot = name.lastIndexOf('.');
  const hasExtension = dot > 0 && name.length - dot <= MAX_EXTENSION_LENGTH;
  const extension = hasExtension ? name.slice(dot) : '';
  const room = MAX_BYTES - Buffer.byteLength(extension);
  let stem = '';
  let bytes = 0;
  // By code points, so that none is cut in two.
  for (const character of hasExtension ? name.slice(0, dot) : name) {
    bytes += Buffer.byteLength(character);
    if (bytes > room) break;
    stem += character;
  }
  return stem.trimEnd() + extension;
}
