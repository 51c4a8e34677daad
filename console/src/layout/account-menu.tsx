import { ActionIcon, Menu } from '@mantine/core';
import { toProblem } from '../api/problem.ts';
import { Icon } from '../components/icon.tsx';
import { useTexts } from '../i18n/language.tsx';
import { useNotices } from '../notices/notices.tsx';
import { useSession, useUser } from '../session/session.tsx';
import { layoutTexts } from './layout.texts.ts';

/** Who is signed in, and the way out. */
export function AccountMenu() {
  const texts = useTexts(layoutTexts);
  const { signOut } = useSession();
  const { email, role } = useUser();
  const notices = useNotices();
  return (
    <Menu position="bottom-end" width={240}>
      <Menu.Target>
        <ActionIcon variant="default" size="lg" aria-label={texts.account}>
          <Icon name="user" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {email} · {role}
        </Menu.Label>
        <Menu.Item
          leftSection={<Icon name="signOut" />}
          onClick={() => void signOut().catch((error: unknown) => notices.tell(toProblem(error)))}
        >
          {texts.signOut}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
