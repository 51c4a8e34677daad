import { Text } from '@mantine/core';
import { useTexts } from '../../i18n/language.tsx';
import type { Place } from './file-api.ts';
import { filesTexts } from './files.texts.ts';

/** Where in a file something stands: page, slide or sheet, and the headings above. */
export function PlaceText({ place, headings }: { place: Place; headings: readonly string[] }) {
  const texts = useTexts(filesTexts);
  const parts = [
    place.page === undefined ? null : texts.page(place.page),
    place.slide === undefined ? null : texts.slide(place.slide),
    place.sheet === undefined ? null : texts.sheet(place.sheet),
    place.row === undefined ? null : texts.row(place.row),
  ].filter((part) => part !== null);
  if (parts.length === 0 && headings.length === 0) return <span>—</span>;
  return (
    <>
      {parts.length === 0 ? null : <Text size="sm">{parts.join(', ')}</Text>}
      {headings.length === 0 ? null : (
        <Text size="xs" c="dimmed">
          {headings.join(' › ')}
        </Text>
      )}
    </>
  );
}
