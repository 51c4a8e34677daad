import { setImmediate as nextTurn } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { defineEvent } from './define-event.js';
import { Events } from './events.js';

const lampLit = defineEvent<{ lamp: string }>('house.lamp-lit');
const doorShut = defineEvent<{ door: string }>('house.door-shut');

describe('events', () => {
  afterEach(() => vi.restoreAllMocks());

  it('reach every listener of that event, and no other', () => {
    const events = new Events();
    const heard: string[] = [];
    events.on(lampLit, ({ lamp }) => void heard.push(`first ${lamp}`));
    events.on(lampLit, ({ lamp }) => void heard.push(`second ${lamp}`));
    events.on(doorShut, ({ door }) => void heard.push(door));
    events.emit(lampLit, { lamp: 'hall' });
    expect(heard).toEqual(['first hall', 'second hall']);
  });

  it('are not told to one that has stopped listening', () => {
    const events = new Events();
    const listener = vi.fn();
    const stop = events.on(lampLit, listener);
    stop();
    events.emit(lampLit, { lamp: 'hall' });
    expect(listener).not.toHaveBeenCalled();
  });

  it.each([
    ['throws', () => assertNever()],
    ['rejects', () => Promise.reject(new Error('no'))],
  ])('are told on when a listener %s; the failure is logged', async (_what, failing) => {
    const logged = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const events = new Events();
    const listener = vi.fn();
    events.on(lampLit, failing);
    events.on(lampLit, listener);
    events.emit(lampLit, { lamp: 'hall' });
    await nextTurn();
    expect(listener).toHaveBeenCalledExactlyOnceWith({ lamp: 'hall' });
    expect(logged).toHaveBeenCalledExactlyOnceWith('a listener failed', expect.any(Error), {
      event: 'house.lamp-lit',
    });
  });
});

function assertNever(): never {
  throw new Error('no');
}
