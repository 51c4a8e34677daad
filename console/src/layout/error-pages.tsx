import { Anchor } from '@mantine/core';
import { Link, useRouteError } from 'react-router';
import { toProblem } from '../api/problem.ts';
import { EmptyState } from '../components/empty-state.tsx';
import { Page, Panel } from '../components/page.tsx';
import { ProblemAlert } from '../components/problem-alert.tsx';
import { useTexts } from '../i18n/language.tsx';
import { layoutTexts } from './layout.texts.ts';

/** For an address that leads nowhere. */
export function NotFoundPage() {
  const texts = useTexts(layoutTexts);
  return (
    <Page title={texts.notFound}>
      <Panel>
        <EmptyState
          icon="search"
          title={texts.notFound}
          hint={
            <>
              {texts.notFoundHint}{' '}
              <Anchor component={Link} to="/" size="sm">
                {texts.toOverview}
              </Anchor>
            </>
          }
        />
      </Panel>
    </Page>
  );
}

/** For a page whose scope the user lacks. */
export function ForbiddenPage({ title, scope }: { title: string; scope: string }) {
  const texts = useTexts(layoutTexts);
  return (
    <Page title={title}>
      <Panel>
        <EmptyState
          icon="warning"
          title={texts.forbidden}
          hint={
            <>
              {texts.forbiddenHint} <span className="mono">{scope}</span>
            </>
          }
        />
      </Panel>
    </Page>
  );
}

/** For a user who may see no page at all. */
export function NothingPage() {
  const texts = useTexts(layoutTexts);
  return (
    <Page title={texts.nothing}>
      <Panel>
        <EmptyState title={texts.nothing} hint={texts.nothingHint} />
      </Panel>
    </Page>
  );
}

/** In place of a page that threw, or whose code could not be loaded: the rest of the console goes on. */
export function BrokenPage() {
  const texts = useTexts(layoutTexts);
  const error = useRouteError();
  return (
    <Page title={texts.broken}>
      <ProblemAlert problem={toProblem(error)} onRetry={() => window.location.reload()} />
    </Page>
  );
}
