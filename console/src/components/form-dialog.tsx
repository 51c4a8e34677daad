import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { type ProblemError, toProblem } from '../api/problem.ts';
import { defineTexts } from '../i18n/dictionary.ts';
import { useTexts } from '../i18n/language.tsx';
import { ProblemAlert } from './problem-alert.tsx';

interface FormDialogProps {
  title: string;
  description?: ReactNode;
  /** What the button says that does it. */
  confirm: string;
  isDangerous?: boolean;
  /** false: something is missing. */
  canSubmit?: boolean;
  onClose: () => void;
  /** Does it. The dialog stays open, and shows the problem, if it throws. */
  act: () => Promise<unknown>;
  /** The inputs. */
  children: ReactNode;
}

const texts = defineTexts({ cancel: 'Cancel', close: 'Close' }, { cancel: '取消', close: '关闭' });

/** A dialog with inputs. Render it only while it is open, so that it begins empty each time. */
export function FormDialog(props: FormDialogProps) {
  const {
    title,
    description,
    confirm,
    isDangerous = false,
    canSubmit = true,
    onClose,
    act,
    children,
  } = props;
  const words = useTexts(texts);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ProblemError | null>(null);
  const submit = async () => {
    setBusy(true);
    setProblem(null);
    try {
      await act();
      onClose();
    } catch (error) {
      setProblem(toProblem(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ 'aria-label': words.close }} centered>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <Stack gap="md">
          {description === undefined ? null : (
            <Text size="sm" component="div">
              {description}
            </Text>
          )}
          {children}
          {problem ? <ProblemAlert problem={problem} /> : null}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {words.cancel}
            </Button>
            <Button
              type="submit"
              loading={isBusy}
              disabled={!canSubmit}
              {...(isDangerous ? { color: 'red.8' } : {})}
            >
              {confirm}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
