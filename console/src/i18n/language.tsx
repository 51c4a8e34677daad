import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react';
import { readSetting, writeSetting } from '../settings.ts';
import { type Dictionary, type Language, languages, type Texts } from './dictionary.ts';
import { type Formats, makeFormats } from './formats.ts';

interface LanguageContextValue {
  readonly language: Language;
  readonly formats: Formats;
  setLanguage: (language: Language) => void;
}

const LanguageContext = createContext<LanguageContextValue | null>(null);
const htmlLanguages: Record<Language, string> = { en: 'en', zh: 'zh-CN' };

/** Holds which language the console speaks: the one chosen before, else the browser's. */
export function LanguageProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(initialLanguage);
  useEffect(() => {
    document.documentElement.lang = htmlLanguages[language];
  }, [language]);
  const value = useMemo(
    () => ({
      language,
      formats: makeFormats(htmlLanguages[language]),
      setLanguage: (chosen: Language) => {
        writeSetting('language', chosen);
        setLanguage(chosen);
      },
    }),
    [language],
  );
  return <LanguageContext value={value}>{children}</LanguageContext>;
}

/** Which language it is, and how to change it. */
export function useLanguage(): LanguageContextValue {
  const value = useContext(LanguageContext);
  if (!value) throw new Error('useLanguage is used outside of LanguageProvider.');
  return value;
}

/** The texts of a dictionary in the chosen language. */
export function useTexts<T extends Texts>(dictionary: Dictionary<T>): T {
  // What is translated has the same keys and parameters, which `defineTexts` has checked.
  return dictionary[useLanguage().language] as T;
}

/** Numbers, times and durations as the chosen language writes them. */
export function useFormats(): Formats {
  return useLanguage().formats;
}

function initialLanguage(): Language {
  const chosen = readSetting('language');
  const known = languages.find((language) => language === chosen);
  if (known) return known;
  return navigator.languages.some((name) => name.toLowerCase().startsWith('zh')) &&
    !navigator.language.toLowerCase().startsWith('en')
    ? 'zh'
    : 'en';
}
