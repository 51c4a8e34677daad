import { Paper, SimpleGrid, Skeleton, Text, Title } from '@mantine/core';
import { StateBadge, type Tone } from '../../components/state-badge.tsx';
import { textNamed } from '../../i18n/dictionary.ts';
import { useLanguage, useTexts } from '../../i18n/language.tsx';
import {
  type Finding,
  type Overview,
  type Verdict,
  type VerdictName,
  verdictNames,
} from '../../live/overview.ts';
import { overviewTexts } from './overview.texts.ts';
import { chineseActions, reasonTexts } from './reasons.texts.ts';
import classes from './overview-page.module.css';

const tones: Record<Verdict['state'], Tone> = { ok: 'ok', warning: 'warning', failing: 'failing' };

/** The three answers an operator wants first, each with its reason and what to do. */
export function Verdicts({ verdicts }: { verdicts: Overview['verdicts'] | undefined }) {
  return (
    <SimpleGrid cols={{ base: 1, md: 3 }} spacing="md">
      {verdictNames.map((name) => (
        <VerdictCard key={name} name={name} verdict={verdicts?.[name]} />
      ))}
    </SimpleGrid>
  );
}

function VerdictCard({ name, verdict }: { name: VerdictName; verdict: Verdict | undefined }) {
  const texts = useTexts(overviewTexts);
  return (
    <Paper
      withBorder
      component="section"
      className={classes.verdict}
      data-tone={verdict ? tones[verdict.state] : 'neutral'}
      data-verdict={name}
      data-state={verdict?.state}
      aria-label={texts.verdicts[name]}
      aria-busy={verdict === undefined}
    >
      <div className={classes.verdictHead}>
        <div>
          <Title order={2}>{texts.verdicts[name]}</Title>
          <Text size="xs" c="dimmed">
            {texts.questions[name]}
          </Text>
        </div>
        {verdict ? (
          <span aria-live="polite">
            <StateBadge tone={tones[verdict.state]} label={texts.states[verdict.state]} />
          </span>
        ) : null}
      </div>
      {verdict ? <VerdictWords verdict={verdict} /> : <Skeleton height={14} width="70%" mt="md" />}
    </Paper>
  );
}

/** The reason in few words, what the server found, and what to do. The server speaks English. */
function VerdictWords({ verdict }: { verdict: Verdict }) {
  const texts = useTexts(overviewTexts);
  const headlines = useTexts(reasonTexts);
  const { language } = useLanguage();
  const translated = language === 'zh' ? chineseActions[verdict.reason_code] : undefined;
  const headline = textNamed(headlines, verdict.reason_code);
  const isOk = verdict.state === 'ok';
  return (
    <div className={classes.words}>
      <Text size="sm" fw={600}>
        {headline ?? verdict.reason}
      </Text>
      {headline === undefined || (isOk && language === 'zh') ? null : (
        <Text size="sm" lang="en">
          {verdict.reason}
        </Text>
      )}
      {isOk ? null : (
        <Text size="sm">
          <strong>{texts.next}:</strong> {translated ?? <span lang="en">{verdict.action}</span>}
        </Text>
      )}
      {verdict.also && verdict.also.length > 0 ? <Also findings={verdict.also} /> : null}
    </div>
  );
}

/** What else speaks against it. */
function Also({ findings }: { findings: readonly Finding[] }) {
  const { also } = useTexts(overviewTexts);
  const headlines = useTexts(reasonTexts);
  return (
    <Text size="xs" c="dimmed" component="ul" className={classes.also} aria-label={also}>
      {findings.map((finding) => (
        <li key={`${finding.reason_code} ${finding.reason}`} title={`${finding.reason} ${finding.action}`}>
          {textNamed(headlines, finding.reason_code) ?? finding.reason}
        </li>
      ))}
    </Text>
  );
}
