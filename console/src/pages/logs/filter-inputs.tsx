import { Chip, Group, Input, TextInput } from '@mantine/core';
import { useId } from 'react';
import { useTexts } from '../../i18n/language.tsx';
import { levels } from './log-api.ts';
import { logsTexts } from './logs.texts.ts';

/** What search and tail have in common. */
export interface LineFilter {
  device: string;
  levels: string[];
  text: string;
}

export const NO_FILTER: LineFilter = { device: '', levels: [], text: '' };

/** The inputs of a filter: device, text, levels (none chosen: all). */
export function FilterInputs({
  filter,
  onChange,
}: {
  filter: LineFilter;
  onChange: (filter: LineFilter) => void;
}) {
  const texts = useTexts(logsTexts);
  const labelId = useId();
  return (
    <>
      <TextInput
        label={texts.text}
        value={filter.text}
        w={180}
        onChange={(event) => onChange({ ...filter, text: event.currentTarget.value })}
      />
      <TextInput
        label={texts.device}
        value={filter.device}
        w={120}
        onChange={(event) => onChange({ ...filter, device: event.currentTarget.value })}
      />
      <div role="group" aria-labelledby={labelId}>
        <Input.Label id={labelId} labelElement="div">
          {texts.level}
        </Input.Label>
        <Chip.Group
          multiple
          value={filter.levels}
          onChange={(chosen) => onChange({ ...filter, levels: chosen })}
        >
          <Group gap={4} h={36}>
            {levels.map((level) => (
              <Chip key={level} value={level} size="xs" variant="outline">
                {level}
              </Chip>
            ))}
          </Group>
        </Chip.Group>
      </div>
    </>
  );
}
