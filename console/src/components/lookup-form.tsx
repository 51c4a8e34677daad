import { Button, Group, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Icon } from './icon.tsx';

interface LookupFormProps {
  label: string;
  submit: string;
  placeholder?: string;
  initial?: string;
  /** Is given what was written, without spaces around it; '' if nothing. */
  onSubmit: (text: string) => void;
}

/** One input and its button: what to look for. */
export function LookupForm({ label, submit, placeholder = '', initial = '', onSubmit }: LookupFormProps) {
  const [text, setText] = useState(initial);
  return (
    <form
      role="search"
      aria-label={label}
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit(text.trim());
      }}
    >
      <Group gap="xs" align="flex-end" wrap="nowrap">
        <TextInput
          label={label}
          placeholder={placeholder}
          value={text}
          w={380}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Button type="submit" variant="default" leftSection={<Icon name="search" size={14} />}>
          {submit}
        </Button>
      </Group>
    </form>
  );
}
