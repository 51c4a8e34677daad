import { NativeSelect } from '@mantine/core';
import { useTexts } from '../../i18n/language.tsx';
import { useCollections } from './file-api.ts';
import { filesTexts } from './files.texts.ts';

interface CollectionSelectProps {
  /** '' for all files. */
  value: string;
  onChange: (id: string) => void;
  description?: string;
}

/** Chooses one of the user's collections, or all files. */
export function CollectionSelect({ value, onChange, description }: CollectionSelectProps) {
  const texts = useTexts(filesTexts);
  const collections = useCollections().data ?? [];
  return (
    <NativeSelect
      label={texts.collection}
      description={description}
      value={value}
      w={340}
      data={[
        { value: '', label: texts.allFiles },
        ...collections.map(({ id, name }) => ({ value: id, label: name })),
      ]}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
