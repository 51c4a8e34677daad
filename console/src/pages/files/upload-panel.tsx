import { Anchor, Button, CloseButton, FileButton, Text } from '@mantine/core';
import { type DragEvent, useRef, useState } from 'react';
import { Link } from 'react-router';
import { useReread } from '../../api/use-action.ts';
import { Icon } from '../../components/icon.tsx';
import { Panel } from '../../components/page.tsx';
import { ProblemText } from '../../components/problem-alert.tsx';
import { StateBadge, type Tone } from '../../components/state-badge.tsx';
import { useFormats, useTexts } from '../../i18n/language.tsx';
import { useUser } from '../../session/session.tsx';
import { COLLECTIONS_PATH, fileAddress, FILES_PATH } from './file-api.ts';
import { ShareBar } from './file-state.tsx';
import classes from './files.module.css';
import { filesTexts } from './files.texts.ts';
import { type Upload, type UploadState, type UploadStore, uploadsOf, useUploads } from './uploads.ts';

const tones: Record<UploadState, Tone> = {
  waiting: 'neutral',
  sending: 'info',
  uploaded: 'ok',
  known: 'warning',
  failed: 'failing',
};
const WHOLE = 100;

/** Where files are dropped or chosen, and how far they are. They go into the collection, if one is named. */
export function UploadPanel({ collectionId }: { collectionId: string }) {
  const { id } = useUser();
  const store = uploadsOf(id);
  const reread = useReread();
  const add = (files: readonly File[]) =>
    store.add(files, collectionId, () => void reread([FILES_PATH, COLLECTIONS_PATH]));
  return (
    <>
      <DropZone onFiles={add} />
      <UploadList store={store} />
    </>
  );
}

function DropZone({ onFiles }: { onFiles: (files: readonly File[]) => void }) {
  const texts = useTexts(filesTexts);
  const [isOver, setOver] = useState(false);
  const reset = useRef<() => void>(null);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    onFiles([...event.dataTransfer.files]);
  };
  return (
    <div
      className={classes.drop}
      data-over={isOver}
      data-drop
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <div className={classes.dropText}>
        <Icon name="upload" size={26} />
        <div>
          <Text fw={500}>{texts.drop}</Text>
          <Text size="sm" c="dimmed">
            {texts.dropHint}
          </Text>
        </div>
      </div>
      <FileButton
        multiple
        resetRef={reset}
        onChange={(files) => {
          onFiles(files);
          // So that the same file can be chosen again.
          reset.current?.();
        }}
      >
        {(props) => (
          <Button {...props} leftSection={<Icon name="plus" size={14} />}>
            {texts.choose}
          </Button>
        )}
      </FileButton>
    </div>
  );
}

function UploadList({ store }: { store: UploadStore }) {
  const texts = useTexts(filesTexts);
  const uploads = useUploads(store);
  if (uploads.length === 0) return null;
  return (
    <Panel
      title={texts.uploads}
      isPadded={false}
      actions={
        <Button size="compact-xs" variant="default" onClick={() => store.clear()}>
          {texts.clear}
        </Button>
      }
    >
      <ul className={classes.uploads} aria-label={texts.uploads}>
        {uploads.map((upload) => (
          <UploadRow key={upload.key} upload={upload} onRemove={() => store.remove(upload.key)} />
        ))}
      </ul>
    </Panel>
  );
}

function UploadRow({ upload, onRemove }: { upload: Upload; onRemove: () => void }) {
  const texts = useTexts(filesTexts);
  const { bytes } = useFormats();
  const { name, state, share, sizeBytes, fileId, problem } = upload;
  const isUnderWay = state === 'sending' || state === 'waiting';
  const label = `${isUnderWay ? texts.giveUp : texts.dismiss}: ${name}`;
  return (
    <li className={classes.upload} data-upload={state}>
      {fileId === undefined ? (
        <span className={classes.name}>{name}</span>
      ) : (
        <Anchor component={Link} to={fileAddress(fileId)} inherit className={classes.name}>
          {name}
        </Anchor>
      )}
      <span className="numbers">{bytes(sizeBytes)}</span>
      {state === 'sending' ? (
        <ShareBar percent={share * WHOLE} label={texts.uploadOf(name)} />
      ) : (
        <StateBadge tone={tones[state]} label={texts.uploadStates[state]} />
      )}
      <CloseButton size="sm" aria-label={label} onClick={onRemove} />
      {problem ? (
        <div className={classes.uploadProblem} role="alert">
          <ProblemText problem={problem} />
        </div>
      ) : null}
    </li>
  );
}
