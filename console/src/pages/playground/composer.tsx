import { Alert, Autocomplete, Button, Group, NumberInput, Textarea } from '@mantine/core';
import { type FormEvent, type KeyboardEvent, useEffect, useState } from 'react';
import { useRead } from '../../api/use-read.ts';
import { Icon } from '../../components/icon.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { useTexts } from '../../i18n/language.tsx';
import type { ChatRequest } from './chat-api.ts';
import classes from './playground.module.css';
import { playgroundTexts } from './playground.texts.ts';

interface ModelList {
  data: Array<{ id: string }>;
}

interface ComposerProps {
  isBusy: boolean;
  /** A message that was not taken comes back, to be mended or sent again. */
  unsent: ChatRequest | null;
  onSend: (request: ChatRequest) => void;
  onStop: () => void;
}

/** Where a message is written: to which model, with which instructions, how long an answer. */
export function Composer({ isBusy, unsent, onSend, onStop }: ComposerProps) {
  const texts = useTexts(playgroundTexts);
  const models = useRead<ModelList>('/v1/models');
  const [chosen, setChosen] = useState<string | null>(null);
  const [instructions, setInstructions] = useState('');
  const [maxTokens, setMaxTokens] = useState<number | null>(null);
  const [text, setText] = useState('');
  useEffect(() => {
    if (unsent) setText((written) => (written === '' ? unsent.text : written));
  }, [unsent]);
  const names = models.data?.data.map(({ id }) => id) ?? [];
  const model = chosen ?? names[0] ?? '';
  const canSend = !isBusy && text.trim() !== '' && model.trim() !== '';
  const submit = (event?: FormEvent) => {
    event?.preventDefault();
    if (!canSend) return;
    onSend({ model: model.trim(), text, instructions, maxTokens });
    setText('');
  };
  const submitOnEnter = (event: KeyboardEvent) => {
    // Enter that ends the choice of a Chinese character is no wish to send.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    submit();
  };
  return (
    <form onSubmit={submit} className={classes.composer} aria-label={texts.message}>
      {models.error ? <ProblemAlert problem={models.error} onRetry={() => void models.refetch()} /> : null}
      {models.data?.data.length === 0 ? (
        <Alert color="yellow" variant="outline" icon={<Icon name="warning" />}>
          {texts.noModels}
        </Alert>
      ) : null}
      <Textarea
        label={texts.message}
        placeholder={texts.placeholder}
        autosize
        minRows={2}
        maxRows={10}
        value={text}
        data-autofocus
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={submitOnEnter}
      />
      <div className={classes.settings}>
        <Autocomplete
          label={texts.model}
          placeholder={texts.modelHint}
          data={names}
          value={model}
          onChange={setChosen}
          filter={({ options }) => options}
          comboboxProps={{ withinPortal: true }}
        />
        <NumberInput
          label={texts.maxTokens}
          placeholder={texts.maxTokensHint}
          min={1}
          max={1_000_000}
          allowDecimal={false}
          hideControls
          value={maxTokens ?? ''}
          onChange={(value) => setMaxTokens(typeof value === 'number' ? value : null)}
        />
        <Textarea
          label={texts.instructions}
          placeholder={texts.instructionsHint}
          autosize
          minRows={1}
          maxRows={4}
          value={instructions}
          onChange={(event) => setInstructions(event.currentTarget.value)}
        />
        <Group gap="xs" className={classes.buttons} wrap="nowrap">
          {isBusy ? (
            <Button
              type="button"
              variant="default"
              leftSection={<Icon name="stop" size={14} />}
              onClick={onStop}
            >
              {texts.stop}
            </Button>
          ) : (
            <Button type="submit" leftSection={<Icon name="send" size={14} />} disabled={!canSend}>
              {texts.send}
            </Button>
          )}
        </Group>
      </div>
    </form>
  );
}
