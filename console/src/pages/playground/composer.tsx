import { Alert, Autocomplete, Button, NumberInput, Textarea } from '@mantine/core';
import { type FormEvent, type KeyboardEvent, useState } from 'react';
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

type Settings = Omit<ChatRequest, 'text'>;

interface ComposerProps {
  isBusy: boolean;
  /** Answers false if the message was not taken: it is put back to be mended or sent again. */
  onSend: (request: ChatRequest) => Promise<boolean>;
  onStop: () => void;
}

/** Where a message is written: to which model, with which instructions, how long an answer. */
export function Composer({ isBusy, onSend, onStop }: ComposerProps) {
  const texts = useTexts(playgroundTexts);
  const models = useModels();
  const [settings, setSettings] = useState<Settings>({ model: '', instructions: '', maxTokens: null });
  const [text, setText] = useState('');
  const model = settings.model.trim() === '' ? (models.names[0] ?? '') : settings.model.trim();
  const canSend = !isBusy && text.trim() !== '' && model !== '';
  const submit = async () => {
    if (!canSend) return;
    setText('');
    const isTaken = await onSend({ ...settings, model, text });
    if (!isTaken) setText((written) => (written === '' ? text : written));
  };
  return (
    <form
      className={classes.composer}
      aria-label={texts.message}
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        void submit();
      }}
    >
      {models.notice}
      <Textarea
        label={texts.message}
        placeholder={texts.placeholder}
        autosize
        minRows={2}
        maxRows={10}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event: KeyboardEvent) => {
          // Enter that ends the choice of a Chinese character is no wish to send.
          if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
          event.preventDefault();
          void submit();
        }}
      />
      <div className={classes.settings}>
        <SettingInputs names={models.names} settings={settings} onChange={setSettings} />
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
      </div>
    </form>
  );
}

function SettingInputs({
  names,
  settings,
  onChange,
}: {
  names: string[];
  settings: Settings;
  onChange: (settings: Settings) => void;
}) {
  const texts = useTexts(playgroundTexts);
  return (
    <>
      <Autocomplete
        label={texts.model}
        placeholder={names[0] ?? texts.modelHint}
        data={names}
        value={settings.model}
        onChange={(model) => onChange({ ...settings, model })}
        // All of them, whatever is written already: the list is short.
        filter={({ options }) => options}
      />
      <NumberInput
        label={texts.maxTokens}
        placeholder={texts.maxTokensHint}
        min={1}
        max={1_000_000}
        allowDecimal={false}
        hideControls
        value={settings.maxTokens ?? ''}
        onChange={(value) => onChange({ ...settings, maxTokens: typeof value === 'number' ? value : null })}
      />
      <Textarea
        label={texts.instructions}
        placeholder={texts.instructionsHint}
        autosize
        minRows={1}
        maxRows={4}
        value={settings.instructions}
        onChange={(event) => onChange({ ...settings, instructions: event.currentTarget.value })}
      />
    </>
  );
}

/** The models that can be asked, and what to say if there are none. */
function useModels() {
  const texts = useTexts(playgroundTexts);
  const { data, error, refetch } = useRead<ModelList>('/v1/models');
  const notice = error ? (
    <ProblemAlert problem={error} onRetry={() => void refetch()} />
  ) : data?.data.length === 0 ? (
    <Alert color="yellow" variant="outline" icon={<Icon name="warning" />}>
      {texts.noModels}
    </Alert>
  ) : null;
  return { names: data?.data.map(({ id }) => id) ?? [], notice };
}
