import { Inject, Injectable, Logger } from '@nestjs/common';
import { type Transaction, Transactions } from '../../../platform/database/index.js';
import { CronError, type PeriodicTask, readCron } from '../../../platform/schedule/index.js';
import { derivedId, newId } from '../../../shared/ids.js';
import { type Actor, type AuditEvent, AuditLog } from '../../audit/index.js';
import { PERIODIC_TASKS } from '../engine/task-registry.js';
import { SlotSettler } from '../engine/slot-settler.js';
import { cronInvalid, scheduleNotFound, scheduleNotReady } from '../scheduler.errors.js';
import { HistoryRepository, type SlotRecord } from '../store/history.repository.js';
import { LeaseRepository, type LeaseState, type SwitchEntry } from '../store/lease.repository.js';
import { SlotRepository } from '../store/slot.repository.js';
import { TaskRepository, type TaskState } from '../store/task.repository.js';

/** A task as operators see it. */
export interface Schedule {
  readonly task: PeriodicTask;
  /** Undefined before a worker has written it down. */
  readonly state: TaskState | undefined;
  /** Undefined while it is paused. */
  readonly nextAt: Date | undefined;
}

/** Ids of runs by hand that clients named with a key of their own. */
const RUN_NAMESPACE = '5b0c0a52-7d0e-4d51-9a53-6f2f4a3c8e11';

/** What operators see of the schedules and do about them. It works while Redis is away. */
@Injectable()
export class ScheduleOperations {
  private readonly logger = new Logger('Scheduler');

  constructor(
    @Inject(PERIODIC_TASKS) private readonly declared: readonly PeriodicTask[],
    private readonly transactions: Transactions,
    private readonly tasks: TaskRepository,
    private readonly slots: SlotRepository,
    private readonly settler: SlotSettler,
    private readonly history: HistoryRepository,
    private readonly leases: LeaseRepository,
    private readonly audit: AuditLog,
  ) {}

  /** Every task of this version of the code, by name. */
  async list(): Promise<Schedule[]> {
    const { tasks, now } = await this.tasks.list();
    return [...this.declared]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((task) =>
        toSchedule(
          task,
          tasks.find(({ name }) => name === task.name),
          now,
        ),
      );
  }

  /** @throws schedule_not_found */
  async find(name: string): Promise<Schedule> {
    const schedule = (await this.list()).find(({ task }) => task.name === name);
    if (!schedule) throw scheduleNotFound({ param: 'name' });
    return schedule;
  }

  /**
   * Has a task run now, also while it is paused; after the run that goes on, if one does. The same key is the same run.
   * @throws schedule_not_found, schedule_not_ready
   */
  async run(actor: Actor, name: string, key: string | undefined): Promise<SlotRecord> {
    this.declaredTask(name);
    if (!(await this.tasks.find(name))) throw scheduleNotReady();
    const id = key === undefined ? newId() : derivedId(RUN_NAMESPACE, `${name} ${key}`);
    const known = await this.history.findManual(id);
    if (known) return known;
    const dueAt = await this.slots.insertManual(name, id);
    await this.note(actor, 'schedule.run_requested', name, { run_id: id });
    const record = await this.history.find(name, dueAt);
    if (!record) throw new Error(`The run ${id} is gone.`);
    return record;
  }

  /** No further slot is begun; what runs goes on. May be repeated. @throws schedule_not_found, schedule_not_ready */
  async pause(actor: Actor, name: string): Promise<Schedule> {
    await this.change(actor, name, 'schedule.paused', async (transaction, state, now) => {
      if (state.pausedAt !== null) return false;
      await this.slots.skipWaiting(transaction, name);
      await this.tasks.setPaused(transaction, name, now);
      return true;
    });
    return this.find(name);
  }

  /** Slots are begun again from now on; those of the pause are skipped. @throws as `pause` */
  async resume(actor: Actor, name: string): Promise<Schedule> {
    await this.change(actor, name, 'schedule.resumed', async (transaction, state) => {
      if (state.pausedAt === null) return false;
      await this.tasks.setPaused(transaction, name, null);
      return true;
    });
    return this.find(name);
  }

  /**
   * Sets when a task is due, from now on and for all processes; null: as the code says.
   * @throws cron_invalid, schedule_not_found, schedule_not_ready
   */
  async setCron(actor: Actor, name: string, cron: string | null): Promise<Schedule> {
    if (cron !== null) checkCron(cron);
    const detail = { cron: cron === null ? null : cron.replaceAll(' ', '_').replace('@', '') };
    await this.change(
      actor,
      name,
      'schedule.cron_changed',
      async (transaction, state) => {
        if (state.cronOverride === cron) return false;
        await this.tasks.setCrons(transaction, name, { defaultCron: state.defaultCron, cronOverride: cron });
        return true;
      },
      detail,
    );
    return this.find(name);
  }

  /** The slots of a task from the newest on. @throws schedule_not_found */
  listRuns(name: string, limit: number, before?: Date): Promise<SlotRecord[]> {
    this.declaredTask(name);
    return this.history.list(name, limit, before);
  }

  /** Who looks after the schedules, and how they are driven. */
  overview(): Promise<LeaseState> {
    return this.leases.read();
  }

  listSwitches(limit: number, before?: string): Promise<SwitchEntry[]> {
    return this.leases.listSwitches(limit, before);
  }

  /** Has the holder of the lease take Redis for lost for so long; 0 ends that. */
  async drill(actor: Actor, seconds: number): Promise<LeaseState> {
    await this.leases.setDrill(seconds);
    await this.note(actor, 'scheduler.drill_requested', 'scheduler', { seconds });
    return this.leases.read();
  }

  /** Changes a task; up to now its slots are settled by what was in force. `body` says whether anything was to do. */
  private async change(
    actor: Actor,
    name: string,
    action: AuditEvent['action'],
    body: (transaction: Transaction, state: TaskState, now: Date) => Promise<boolean>,
    detail: AuditEvent['detail'] = {},
  ): Promise<void> {
    const { catchUp } = this.declaredTask(name);
    await this.transactions.run(async (transaction) => {
      const locked = await this.tasks.lock(transaction, name);
      if (!locked) throw scheduleNotReady();
      const { task, now } = locked;
      await this.settler.settle(transaction, task, { until: now, now, path: 'redis', epoch: null, catchUp });
      if (!(await body(transaction, task, now))) return;
      await this.audit.record(
        {
          actor,
          action,
          subjectKind: 'setting',
          subjectId: subjectOf(name),
          detail: { ...detail, task: name },
        },
        transaction,
      );
    });
    this.logger.log(action, { task: name, ...detail });
  }

  private declaredTask(name: string): PeriodicTask {
    const task = this.declared.find((candidate) => candidate.name === name);
    if (!task) throw scheduleNotFound({ param: 'name' });
    return task;
  }

  private async note(
    actor: Actor,
    action: AuditEvent['action'],
    name: string,
    detail: AuditEvent['detail'] = {},
  ): Promise<void> {
    await this.audit.record({
      actor,
      action,
      subjectKind: 'setting',
      subjectId: subjectOf(name),
      detail: { ...detail, task: name },
    });
    this.logger.log(action, { task: name, ...detail });
  }
}

/** The audit log knows its subjects by ids. */
function subjectOf(name: string): string {
  return derivedId(RUN_NAMESPACE, name);
}

function checkCron(cron: string): void {
  try {
    readCron(cron);
  } catch (error) {
    if (error instanceof CronError) throw cronInvalid({ detail: error.message, param: 'cron', cause: error });
    throw error;
  }
}

function toSchedule(task: PeriodicTask, state: TaskState | undefined, now: Date): Schedule {
  const cron = readCron(state?.cron ?? task.cron);
  return { task, state, nextAt: state?.pausedAt ? undefined : new Date(cron.next(now.getTime())) };
}
