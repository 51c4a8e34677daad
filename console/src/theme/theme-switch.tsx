import { ActionIcon, Menu, type MantineColorScheme, useMantineColorScheme } from '@mantine/core';
import { Icon, type IconName } from '../components/icon.tsx';
import { useTexts } from '../i18n/language.tsx';
import { themeTexts } from './theme.texts.ts';

const icons: Record<MantineColorScheme, IconName> = { auto: 'contrast', light: 'sun', dark: 'moon' };
const schemes = Object.keys(icons) as MantineColorScheme[];

/** Dark, light, or as the system is. The browser remembers it. */
export function ThemeSwitch() {
  const texts = useTexts(themeTexts);
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Menu position="bottom-end" width={180}>
      <Menu.Target>
        <ActionIcon variant="default" size="lg" aria-label={`${texts.label}: ${texts[colorScheme]}`}>
          <Icon name={icons[colorScheme]} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {schemes.map((scheme) => (
          <Menu.Item
            key={scheme}
            leftSection={<Icon name={icons[scheme]} />}
            rightSection={scheme === colorScheme ? <Icon name="check" /> : null}
            onClick={() => setColorScheme(scheme)}
          >
            {texts[scheme]}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
