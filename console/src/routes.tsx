import { createBrowserRouter, Navigate, type RouteObject } from 'react-router';
import { useLanguage } from './i18n/language.tsx';
import { AppLayout } from './layout/app-layout.tsx';
import { BrokenPage, ForbiddenPage, NotFoundPage, NothingPage } from './layout/error-pages.tsx';
import { PageLoading } from './layout/page-loading.tsx';
import { type PageEntry, pages } from './pages/index.ts';
import { useUser } from './session/session.tsx';

/** The addresses of the console. A page's code is loaded when it is opened for the first time. */
export function makeRouter() {
  return createBrowserRouter(
    [
      {
        path: '/',
        element: <AppLayout />,
        hydrateFallbackElement: <PageLoading />,
        children: [
          {
            errorElement: <BrokenPage />,
            children: [
              { index: true, element: <FirstPage /> },
              ...pages.map(toRoute),
              { path: '*', element: <NotFoundPage /> },
            ],
          },
        ],
      },
    ],
    { basename: '/console' },
  );
}

function toRoute(page: PageEntry): RouteObject {
  return {
    path: `${page.path}/*`,
    lazy: async () => {
      const { default: Page } = await page.load();
      return {
        Component: () => (
          <ScopeGate page={page}>
            <Page />
          </ScopeGate>
        ),
      };
    },
  };
}

function ScopeGate({ page, children }: { page: PageEntry; children: React.ReactNode }) {
  const { language } = useLanguage();
  const { can } = useUser();
  return can(page.scope) ? children : <ForbiddenPage title={page.title[language]} scope={page.scope} />;
}

/** Leads to the first page that the user may see. */
function FirstPage() {
  const { can } = useUser();
  const first = pages.find((page) => can(page.scope));
  return first ? <Navigate to={`/${first.path}`} replace /> : <NothingPage />;
}
