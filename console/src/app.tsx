import { Container, MantineProvider } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { RouterProvider } from 'react-router/dom';
import { makeQueryClient } from './api/query-client.ts';
import { ProblemAlert } from './components/problem-alert.tsx';
import { ReasonDialogProvider } from './components/reason-dialog.tsx';
import { LanguageProvider } from './i18n/language.tsx';
import { PageLoading } from './layout/page-loading.tsx';
import { LiveProvider } from './live/live.tsx';
import { NoticesProvider } from './notices/notices.tsx';
import { makeRouter } from './routes.tsx';
import { SessionProvider, useSession } from './session/session.tsx';
import { SignInPage } from './session/sign-in-page.tsx';
import { resolveVariables, theme } from './theme/theme.ts';

/** The console: what all pages stand on, and the pages for who is signed in. */
export function App() {
  const [queryClient] = useState(makeQueryClient);
  return (
    <LanguageProvider>
      <MantineProvider theme={theme} defaultColorScheme="auto" cssVariablesResolver={resolveVariables}>
        <QueryClientProvider client={queryClient}>
          <NoticesProvider>
            <SessionProvider>
              <SessionGate>
                <LiveProvider>
                  <ReasonDialogProvider>
                    <Pages />
                  </ReasonDialogProvider>
                </LiveProvider>
              </SessionGate>
            </SessionProvider>
          </NoticesProvider>
        </QueryClientProvider>
      </MantineProvider>
    </LanguageProvider>
  );
}

function SessionGate({ children }: { children: ReactNode }) {
  const { state, check } = useSession();
  switch (state.status) {
    case 'signed_in':
      return children;
    case 'signed_out':
      return <SignInPage />;
    case 'unreachable':
      return (
        <Container component="main" size="xs" py="xl">
          <ProblemAlert problem={state.problem} onRetry={check} />
        </Container>
      );
    case 'unknown':
      return <PageLoading />;
  }
}

function Pages() {
  const [router] = useState(makeRouter);
  return <RouterProvider router={router} />;
}
