import { describe, expect, it } from 'vitest';
import { planAssignments } from './assignment.js';

const agent = (userId: string, activeChats: number, capacity = 10) => ({ userId, activeChats, capacity });
const chats = (...exceptions: string[][]) =>
  exceptions.map((exceptAgents, index) => ({ id: String(index), exceptAgents }));
const agentsOf = (plan: ReturnType<typeof planAssignments>) =>
  plan.map(({ chatId, agentId }) => `${chatId}${agentId}`).join(' ');

describe('a plan of assignments', () => {
  it('gives each chat to the least loaded agent, and of equals to who had none the longest', () => {
    const agents = [agent('a', 0), agent('b', 0), agent('c', 2)];
    expect(agentsOf(planAssignments(chats([], [], [], [], [], [], []), agents))).toBe('0a 1b 2a 3b 4c 5a 6b');
  });

  it('gives nobody more than there is room for', () => {
    const agents = [agent('a', 0, 1), agent('b', 1, 2)];
    expect(agentsOf(planAssignments(chats([], [], []), agents))).toBe('0a 1b');
  });

  it('gives a chat to none of those who may not have it, and passes it over if there are no others', () => {
    const agents = [agent('a', 0, 1), agent('b', 5)];
    expect(agentsOf(planAssignments(chats(['a'], ['a', 'b'], []), agents))).toBe('0b 2a');
  });

  it('changes nothing of what it was given', () => {
    const agents = [agent('a', 0)];
    planAssignments(chats([], []), agents);
    expect(agents).toEqual([agent('a', 0)]);
  });
});
