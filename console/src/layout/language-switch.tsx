import { ActionIcon, Menu } from '@mantine/core';
import { Icon } from '../components/icon.tsx';
import { type Language, languages } from '../i18n/dictionary.ts';
import { useLanguage } from '../i18n/language.tsx';

/** Each by its own name, so that it is found by those who read no other. */
const names: Record<Language, string> = { en: 'English', zh: '简体中文' };
const tags: Record<Language, string> = { en: 'en', zh: 'zh-CN' };

/** Chooses the language of the console. The browser remembers it. */
export function LanguageSwitch() {
  const { language, setLanguage } = useLanguage();
  return (
    <Menu position="bottom-end" width={160}>
      <Menu.Target>
        <ActionIcon variant="default" size="lg" aria-label={`Language / 语言: ${names[language]}`}>
          <Icon name="language" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {languages.map((choice) => (
          <Menu.Item
            key={choice}
            lang={tags[choice]}
            rightSection={choice === language ? <Icon name="check" /> : null}
            onClick={() => setLanguage(choice)}
          >
            {names[choice]}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
