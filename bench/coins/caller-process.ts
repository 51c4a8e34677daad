/** A process of callers on one account: started by caller-processes.ts, which sends it its task. */
import { once } from 'node:events';
import { openServices } from '../lib/built-services.ts';
import type { CallerTask } from './caller-processes.ts';
import { serviceHolds } from './hold-writer.ts';
import { measureHolds } from './measure-holds.ts';
import { openRowLockHolds } from './row-lock-holds.ts';

const [task] = (await once(process, 'message')) as [CallerTask];
const writer = task.rowLock
  ? await openRowLockHolds(task.environment['LOCKKEEPER_DATABASE_URL'] ?? '', task.rowLock)
  : serviceHolds(await openServices(task.environment));
process.send?.('ready');
await once(process, 'message');
const measurement = await measureHolds(writer, { ...task, nextAccountId: () => task.accountId });
await writer.close();
process.send?.(measurement, () => process.disconnect());
