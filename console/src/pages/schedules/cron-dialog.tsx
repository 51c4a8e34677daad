import { Button, Group, Modal, Stack, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { type ProblemError, toProblem } from '../../api/problem.ts';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { useTexts } from '../../i18n/language.tsx';
import type { Schedule } from './schedule-api.ts';
import { schedulesTexts } from './schedules.texts.ts';
import { useScheduleActions } from './use-schedule-actions.ts';

interface CronDialogProps {
  schedule: Schedule;
  isOpen: boolean;
  onClose: () => void;
}

/** Sets when a task is due, or goes back to the default. */
export function CronDialog({ schedule, isOpen, onClose }: CronDialogProps) {
  const { cron: texts } = useTexts(schedulesTexts);
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title={texts.title(schedule.name)}
      closeButtonProps={{ 'aria-label': texts.close }}
      centered
    >
      <CronForm schedule={schedule} onClose={onClose} />
    </Modal>
  );
}

function CronForm({ schedule, onClose }: Omit<CronDialogProps, 'isOpen'>) {
  const { cron: texts } = useTexts(schedulesTexts);
  const { setCron } = useScheduleActions();
  const [cron, setText] = useState(schedule.cron);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ProblemError | null>(null);
  const set = async (chosen: string | null) => {
    setBusy(true);
    setProblem(null);
    try {
      await setCron(schedule.name, chosen);
      onClose();
    } catch (error) {
      setProblem(toProblem(error));
    } finally {
      setBusy(false);
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void set(cron.trim());
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <TextInput
          label={texts.label}
          description={texts.hint}
          data-autofocus
          required
          maxLength={100}
          classNames={{ input: 'mono' }}
          value={cron}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        {problem ? <ProblemAlert problem={problem} /> : null}
        <Group justify="flex-end" gap="xs">
          {schedule.cron === schedule.default_cron ? null : (
            <Button variant="default" onClick={() => void set(null)}>
              {texts.reset(schedule.default_cron)}
            </Button>
          )}
          <Button type="submit" loading={isBusy}>
            {texts.save}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
