import { AppShell, Burger, Group, ScrollArea, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useEffect, useRef } from 'react';
import { Outlet, useLocation } from 'react-router';
import { useTexts } from '../i18n/language.tsx';
import { LiveBadge, LiveBanner } from '../live/live-badge.tsx';
import { useUser } from '../session/session.tsx';
import { ThemeSwitch } from '../theme/theme-switch.tsx';
import { AccountMenu } from './account-menu.tsx';
import classes from './app-layout.module.css';
import { LanguageSwitch } from './language-switch.tsx';
import { layoutTexts } from './layout.texts.ts';
import { Logo } from './logo.tsx';
import { Navigation } from './navigation.tsx';

const MAIN_ID = 'content';

/** The frame around every page: header, navigation, and the page itself. */
export function AppLayout() {
  const texts = useTexts(layoutTexts);
  const [isOpen, { toggle, close }] = useDisclosure();
  const { can } = useUser();
  useFocusOnNavigation(close);
  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 220, breakpoint: 'sm', collapsed: { mobile: !isOpen } }}
      padding="md"
    >
      <a className={classes.skip} href={`#${MAIN_ID}`}>
        {texts.skip}
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger
              opened={isOpen}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={isOpen ? texts.closeNavigation : texts.openNavigation}
              aria-expanded={isOpen}
            />
            <Logo />
            <Text fw={600} visibleFrom="xs">
              Lockkeeper
            </Text>
          </Group>
          <Group gap="xs" wrap="nowrap">
            {can('operations') ? <LiveBadge /> : null}
            <LanguageSwitch />
            <ThemeSwitch />
            <AccountMenu />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar aria-label={texts.navigation} className={isOpen ? undefined : classes.closed}>
        <ScrollArea className={classes.navigation} type="auto">
          <Navigation />
        </ScrollArea>
      </AppShell.Navbar>
      <AppShell.Main id={MAIN_ID} tabIndex={-1} className={classes.main}>
        <LiveBanner />
        <Outlet />
      </AppShell.Main>
    </AppShell>
  );
}

/** Closes the navigation of small screens and leads screen readers to the new page. */
function useFocusOnNavigation(close: () => void): void {
  const { pathname } = useLocation();
  const known = useRef(pathname);
  useEffect(() => {
    if (known.current === pathname) return;
    known.current = pathname;
    close();
    document.getElementById(MAIN_ID)?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, [pathname, close]);
}
