import { Button, Group, Text } from '@mantine/core';
import { api } from '../../api/client.ts';
import { useAction } from '../../api/use-action.ts';
import { Icon } from '../../components/icon.tsx';
import { Panel } from '../../components/page.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { useTexts } from '../../i18n/language.tsx';
import { type FileFacts, filePath, FILES_PATH, fileSteps, isSettled } from './file-api.ts';
import { FileState, ShareBar, stepTones } from './file-state.tsx';
import classes from './files.module.css';
import { filesTexts } from './files.texts.ts';
import { useFileProgress } from './use-file-progress.ts';

/** The steps of a file's processing, live while it is processed, and the buttons that begin them again. */
export function FileSteps({ file }: { file: FileFacts }) {
  const texts = useTexts(filesTexts);
  const isMoving = !isSettled(file.status);
  const progress = useFileProgress(file.id, isMoving);
  const message = progress ? progress.message : file.message;
  return (
    <Panel title={texts.processing} actions={<FileState file={file} isFollowed={false} />}>
      <ol className={classes.steps}>
        {fileSteps.map((step) => {
          const status = progress?.[step].status ?? file.steps[step];
          return (
            <li key={step} className={classes.step} data-step={step} data-status={status}>
              <span>{texts.steps[step]}</span>
              <StateBadge tone={stepTones[status]} label={texts.stepStates[status]} />
              {status === 'processing' ? (
                <ShareBar percent={progress?.[step].progress ?? 0} label={texts.steps[step]} />
              ) : (
                <span />
              )}
            </li>
          );
        })}
      </ol>
      {message === null ? null : (
        <Text size="sm" mt="xs" c={file.status === 'failed' ? 'var(--tone-failing)' : 'dimmed'}>
          {message}
        </Text>
      )}
      <Retries fileId={file.id} />
    </Panel>
  );
}

function Retries({ fileId }: { fileId: string }) {
  const texts = useTexts(filesTexts);
  const begin = useAction({
    act: (what: string) => api.post(`${filePath(fileId)}/${what}`),
    changes: [FILES_PATH],
    done: texts.isBegun,
  });
  const buttons = [
    ['process', texts.process],
    ['vectorize', texts.vectorize],
    ['extract-graph', texts.extractGraph],
  ] as const;
  return (
    <Group gap="xs" mt="md">
      {buttons.map(([what, label]) => (
        <Button
          key={what}
          size="xs"
          variant="default"
          disabled={begin.isRunning}
          leftSection={<Icon name="retry" size={14} />}
          onClick={() => begin.run(what)}
        >
          {label}
        </Button>
      ))}
    </Group>
  );
}
