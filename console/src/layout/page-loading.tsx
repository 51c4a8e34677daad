import { Center, Loader } from '@mantine/core';
import { useTexts } from '../i18n/language.tsx';
import { layoutTexts } from './layout.texts.ts';

/** While it is not known yet what to show. */
export function PageLoading() {
  const { loading } = useTexts(layoutTexts);
  return (
    <Center mih="60vh" role="status" aria-label={loading}>
      <Loader type="dots" />
    </Center>
  );
}
