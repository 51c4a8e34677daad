import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import {
  defineTask,
  DoesTask,
  type TaskDefinition,
  type TaskHandler,
  type TaskQueueName,
  type TaskRun,
} from '../../src/modules/task/index.js';

/** What a task of a test does, found by the `script` of its payload. */
export type TaskScript = (run: TaskRun, payload: ScriptedPayload) => Promise<unknown>;

/** The scripts of this process. A worker in it runs them. */
export const taskScripts = new Map<string, TaskScript>();

const payload = z.object({ script: z.string(), subject: z.string().optional(), note: z.string().optional() });
export type ScriptedPayload = z.infer<typeof payload>;

function defineScripted(queue: TaskQueueName, isPublic = true) {
  return defineTask({
    name: `test.${isPublic ? 'run' : 'hidden'}-${queue.replaceAll('_', '-')}`,
    queue,
    payload,
    result: z.looseObject({}),
    isPublic,
    subjectOf: ({ subject, script }) => subject ?? script,
  });
}

export const scriptedFileTask = defineScripted('file_processing');
export const scriptedVectorTask = defineScripted('vectorization');
export const scriptedGraphTask = defineScripted('kg_extraction');
export const hiddenTask = defineScripted('kg_extraction', false);

/** Runs the script of the payload; without one the task finishes at once. */
async function runScript(given: ScriptedPayload, run: TaskRun): Promise<Record<string, unknown>> {
  const result = await taskScripts.get(given.script)?.(run, given);
  return (result ?? { script: given.script }) as Record<string, unknown>;
}

@Injectable()
@DoesTask(scriptedFileTask)
class ScriptedFileHandler implements TaskHandler<typeof scriptedFileTask> {
  run(given: ScriptedPayload, run: TaskRun) {
    return runScript(given, run);
  }
}

@Injectable()
@DoesTask(scriptedVectorTask)
class ScriptedVectorHandler implements TaskHandler<typeof scriptedVectorTask> {
  run(given: ScriptedPayload, run: TaskRun) {
    return runScript(given, run);
  }
}

@Injectable()
@DoesTask(scriptedGraphTask)
class ScriptedGraphHandler implements TaskHandler<typeof scriptedGraphTask> {
  run(given: ScriptedPayload, run: TaskRun) {
    return runScript(given, run);
  }
}

@Injectable()
@DoesTask(hiddenTask)
class HiddenHandler implements TaskHandler<typeof hiddenTask> {
  run(given: ScriptedPayload, run: TaskRun) {
    return runScript(given, run);
  }
}

/** Kinds whose tasks do what the test says. */
export const scriptedKinds = {
  kinds: [scriptedFileTask, scriptedVectorTask, scriptedGraphTask, hiddenTask] as readonly TaskDefinition[],
  handlers: [ScriptedFileHandler, ScriptedVectorHandler, ScriptedGraphHandler, HiddenHandler],
};
