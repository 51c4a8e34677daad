import { Group, Progress } from '@mantine/core';
import { StateBadge, type Tone } from '../../components/state-badge.tsx';
import { useFormats, useTexts } from '../../i18n/language.tsx';
import type { FileFacts, FileStatus, StepStatus } from './file-api.ts';
import classes from './files.module.css';
import { filesTexts } from './files.texts.ts';
import { useFileProgress } from './use-file-progress.ts';

export const stepTones: Record<StepStatus, Tone> = {
  pending: 'neutral',
  processing: 'info',
  completed: 'ok',
  failed: 'failing',
};
const tones: Record<FileStatus, Tone> = {
  uploading: 'info',
  queued: 'neutral',
  processing: 'info',
  completed: 'ok',
  failed: 'failing',
};
const WHOLE = 100;

/** How a file stands. While it `isFollowed`, with how far it is. */
export function FileState({ file, isFollowed }: { file: FileFacts; isFollowed: boolean }) {
  const texts = useTexts(filesTexts);
  const progress = useFileProgress(file.id, isFollowed);
  const status = progress?.status ?? file.status;
  return (
    <Group gap="xs" wrap="nowrap">
      <StateBadge tone={tones[status]} label={texts.states[status]} />
      {isFollowed ? <ShareBar percent={progress?.progress ?? 0} label={texts.progressOf(file.name)} /> : null}
    </Group>
  );
}

/** How much is done, as a bar and a number. */
export function ShareBar({ percent, label }: { percent: number; label: string }) {
  const formats = useFormats();
  return (
    <span className={classes.share}>
      <Progress value={percent} aria-label={label} className={classes.bar} size="sm" />
      <span className="numbers">{formats.percent(Math.floor(percent) / WHOLE)}</span>
    </span>
  );
}
