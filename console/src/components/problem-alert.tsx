import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { type ProblemError, toProblem } from '../api/problem.ts';
import { textNamed } from '../i18n/dictionary.ts';
import { useTexts } from '../i18n/language.tsx';
import { Icon } from './icon.tsx';
import { problemTexts } from './problem.texts.ts';

/** What went wrong, in place of what cannot be shown: title, detail, what to do, code and error id. */
export function ProblemAlert({ problem, onRetry }: { problem: Error; onRetry?: (() => void) | undefined }) {
  const texts = useTexts(problemTexts);
  const shown = toProblem(problem);
  return (
    <Alert color="red" variant="outline" icon={<Icon name="warning" />} role="alert">
      <Stack gap="xs" align="flex-start">
        <ProblemText problem={shown} />
        {onRetry ? (
          <Button size="xs" variant="default" leftSection={<Icon name="retry" />} onClick={onRetry}>
            {texts.retry}
          </Button>
        ) : null}
      </Stack>
    </Alert>
  );
}

/** The words of a problem. */
export function ProblemText({ problem }: { problem: ProblemError }) {
  const texts = useTexts(problemTexts);
  const advice = adviceOn(problem, texts);
  return (
    <Stack gap={4}>
      <Text size="sm" fw={600}>
        {textNamed(texts.titles, problem.code) ?? problem.title}
      </Text>
      {problem.detail !== undefined && problem.detail !== problem.title ? (
        <Text size="sm">{problem.detail}</Text>
      ) : null}
      {advice === undefined ? null : <Text size="sm">{advice}</Text>}
      {problem.retryAfterSeconds === undefined ? null : (
        <Text size="sm">{texts.retryIn(problem.retryAfterSeconds)}</Text>
      )}
      <Group gap="md">
        <Fact name={texts.code} value={problem.code} />
        {problem.errorId === undefined ? null : <Fact name={texts.errorId} value={problem.errorId} />}
      </Group>
    </Stack>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <Text size="xs" c="dimmed">
      {name} <span className="mono">{value}</span>
    </Text>
  );
}

function adviceOn(problem: ProblemError, texts: typeof problemTexts.en): string | undefined {
  const status = problem.status >= 500 ? 's5xx' : `s${problem.status}`;
  // A refused sign-in says itself what is wrong.
  if (problem.status === 401 && problem.detail !== undefined) return textNamed(texts.advice, problem.code);
  return textNamed(texts.advice, problem.code) ?? textNamed(texts.byStatus, status);
}
