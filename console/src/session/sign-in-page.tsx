import { Button, Paper, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { type ProblemError, toProblem } from '../api/problem.ts';
import { ProblemAlert } from '../components/problem-alert.tsx';
import { useTexts } from '../i18n/language.tsx';
import { LanguageSwitch } from '../layout/language-switch.tsx';
import { Logo } from '../layout/logo.tsx';
import { ThemeSwitch } from '../theme/theme-switch.tsx';
import { useSession } from './session.tsx';
import { sessionTexts } from './session.texts.ts';
import classes from './sign-in-page.module.css';

/** What is seen while nobody is signed in. The address stays, so that signing in leads to the page that was asked for. */
export function SignInPage() {
  const texts = useTexts(sessionTexts);
  return (
    <main className={classes.page}>
      <div className={classes.switches}>
        <LanguageSwitch />
        <ThemeSwitch />
      </div>
      <Paper className={classes.card} withBorder p="xl" radius="md">
        <Stack gap="lg">
          <div className={classes.brand}>
            <Logo size={36} />
            <div>
              <Title order={1} size="h3">
                Lockkeeper
              </Title>
              <Text size="sm" c="dimmed">
                {texts.subtitle}
              </Text>
            </div>
          </div>
          <SignInForm />
          <Text size="xs" c="dimmed">
            {texts.hint}
          </Text>
        </Stack>
      </Paper>
    </main>
  );
}

function SignInForm() {
  const texts = useTexts(sessionTexts);
  const { signIn } = useSession();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ProblemError | null>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      await signIn(email, password);
    } catch (error) {
      setProblem(toProblem(error));
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)} aria-label={texts.title}>
      <Stack gap="md">
        <TextInput
          label={texts.email}
          type="email"
          autoComplete="username"
          required
          withAsterisk={false}
          data-autofocus
          autoFocus
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <PasswordInput
          label={texts.password}
          autoComplete="current-password"
          required
          withAsterisk={false}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        {problem ? <ProblemAlert problem={problem} /> : null}
        <Button type="submit" loading={isBusy} fullWidth>
          {texts.submit}
        </Button>
      </Stack>
    </form>
  );
}
