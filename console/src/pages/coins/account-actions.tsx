import { Button } from '@mantine/core';
import { api } from '../../api/client.ts';
import { useReread } from '../../api/use-action.ts';
import { useReasonDialog } from '../../components/reason-dialog.tsx';
import { useTexts } from '../../i18n/language.tsx';
import { useNotices } from '../../notices/notices.tsx';
import { coinsTexts } from './coins.texts.ts';
import type { Movement } from './movement-dialog.tsx';

/** Give, take, block: what an operator may do to somebody's account. */
export function AccountActions({
  userId,
  isBlocked,
  onMove,
}: {
  userId: string;
  isBlocked: boolean;
  onMove: (movement: Movement) => void;
}) {
  const texts = useTexts(coinsTexts);
  const ask = useReasonDialog();
  const reread = useReread();
  const { say } = useNotices();
  const setBlocked = () =>
    ask({
      title: `${isBlocked ? texts.unblock : texts.block}: ${userId}`,
      description: isBlocked ? texts.unblockText : texts.blockText,
      confirm: isBlocked ? texts.unblock : texts.block,
      isDangerous: !isBlocked,
      act: async (note) => {
        await api.post(`/api/coins/accounts/${userId}/${isBlocked ? 'unblock' : 'block'}`, { note });
        say(isBlocked ? texts.done.unblocked : texts.done.blocked);
        await reread(['/api/coins/']);
      },
    });
  return (
    <>
      <Button size="xs" variant="default" onClick={() => onMove('grant')}>
        {texts.grant}
      </Button>
      <Button size="xs" variant="default" onClick={() => onMove('penalty')}>
        {texts.penalize}
      </Button>
      <Button size="xs" variant="default" onClick={setBlocked}>
        {isBlocked ? texts.unblock : texts.block}
      </Button>
    </>
  );
}
