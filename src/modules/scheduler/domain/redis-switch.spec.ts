import { describe, expect, it } from 'vitest';
import { beginSwitch, nextSwitch, type SwitchEvent, type SwitchState } from './redis-switch.js';

const limits = { failures: 3, stableMs: 30_000 };
const good: SwitchEvent = { kind: 'probed', failure: undefined };
const bad: SwitchEvent = { kind: 'probed', failure: 'OOM' };
const drained: SwitchEvent = { kind: 'drained' };

/** The modes after each event, a second apart. */
function modesAfter(events: readonly SwitchEvent[], begin: SwitchState = beginSwitch('redis')): string[] {
  let state = begin;
  return events.map((event, index) => {
    state = nextSwitch(state, event, index * 1_000, limits);
    return state.mode;
  });
}

const times = (count: number, event: SwitchEvent) => Array.from({ length: count }, () => event);

describe('the switch between Redis and the local ticker', () => {
  it('suspects after one failed probe and is local after three', () => {
    expect(modesAfter([good, bad, bad, bad, bad])).toEqual(['redis', 'suspect', 'suspect', 'local', 'local']);
  });

  it('forgets failures at a good probe, so that a flicker does not switch', () => {
    expect(modesAfter([bad, bad, good, bad, bad, good])).toEqual([
      'suspect',
      'suspect',
      'redis',
      'suspect',
      'suspect',
      'redis',
    ]);
  });

  it('goes back only after thirty good seconds, by way of draining', () => {
    const modes = modesAfter([...times(31, good), drained, good], beginSwitch('local'));
    expect(modes.slice(0, 30)).toEqual(Array.from({ length: 30 }, () => 'local'));
    expect(modes.slice(30)).toEqual(['draining', 'redis', 'redis']);
  });

  it('counts the thirty seconds anew after each failure', () => {
    const modes = modesAfter([...times(29, good), bad, ...times(31, good)], beginSwitch('local'));
    expect(modes.indexOf('draining')).toBe(60);
  });

  it('is local again at once if Redis fails while it drains', () => {
    expect(modesAfter([...times(31, good), bad, drained], beginSwitch('local')).slice(-3)).toEqual([
      'draining',
      'local',
      'local',
    ]);
  });

  it('waits for the end of draining, however often Redis answers', () => {
    expect(modesAfter([...times(40, good)], beginSwitch('local')).slice(-9)).toEqual(
      Array.from({ length: 9 }, () => 'draining'),
    );
  });

  it('begins where the last holder was, a half-done change from its start', () => {
    expect(['redis', 'suspect', 'local', 'draining'].map((mode) => beginSwitch(mode as never).mode)).toEqual([
      'redis',
      'redis',
      'local',
      'local',
    ]);
  });
});
