import { Route, Routes, useSearchParams } from 'react-router';
import { NotFoundPage } from '../../layout/error-pages.tsx';
import { EntitySearch } from './entity-search.tsx';
import { EntityView } from './entity-view.tsx';
import { PathView } from './path-view.tsx';

/** The user's own knowledge graph: its entities, what is around one, and the path between two. */
export default function GraphPage() {
  return (
    <Routes>
      <Route index element={<Overview />} />
      <Route path="path" element={<PathView />} />
      <Route path="*" element={<NotFoundPage />} />
    </Routes>
  );
}

function Overview() {
  const [params] = useSearchParams();
  const id = params.get('entity') ?? '';
  return id === '' ? <EntitySearch /> : <EntityView id={id} />;
}
