import { Route, Routes } from 'react-router';
import { Page } from '../../components/page.tsx';
import { PageTabs } from '../../components/page-tabs.tsx';
import { useTexts } from '../../i18n/language.tsx';
import { CollectionList } from './collection-list.tsx';
import { FileList } from './file-list.tsx';
import { FilePage } from './file-page.tsx';
import { FileSearch } from './file-search.tsx';
import { filesTexts } from './files.texts.ts';

/** The user's own files and collections, and the search in them. */
export default function FilesPage() {
  return (
    <Routes>
      <Route path="list/:id" element={<FilePage />} />
      <Route path="*" element={<Overview />} />
    </Routes>
  );
}

function Overview() {
  const texts = useTexts(filesTexts);
  const tabs = [
    { path: 'list', label: texts.tabs.list, content: <FileList /> },
    { path: 'search', label: texts.tabs.search, content: <FileSearch /> },
    { path: 'collections', label: texts.tabs.collections, content: <CollectionList /> },
  ];
  return (
    <Page title={texts.title} lead={texts.lead}>
      <PageTabs base="/files" tabs={tabs} />
    </Page>
  );
}
