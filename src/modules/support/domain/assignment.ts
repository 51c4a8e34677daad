/** Who gets which chat. */

/** An agent who can take chats, with as many as there are now. */
export interface FreeAgent {
  readonly userId: string;
  readonly activeChats: number;
  readonly capacity: number;
}

export interface WaitingChat {
  readonly id: string;
  /** Who may not get it: the user, and who gave it back. */
  readonly exceptAgents: readonly string[];
}

export interface Assignment {
  readonly chatId: string;
  readonly agentId: string;
}

/**
 * Gives chats, in their order, each to the least loaded of the agents who may have it and have a place; of equals to the
 * one who comes first, and had none in this plan the longest. A chat for which nobody is left is passed over.
 * @param agents the least loaded first: as many as there are chats, and two more, are enough to choose from.
 */
export function planAssignments(chats: readonly WaitingChat[], agents: readonly FreeAgent[]): Assignment[] {
  const line = agents.map(({ userId, activeChats, capacity }) => ({ userId, activeChats, capacity }));
  return chats.flatMap(({ id, exceptAgents }): Assignment[] => {
    const index = line.findIndex(({ userId }) => !exceptAgents.includes(userId));
    const [agent] = index < 0 ? [] : line.splice(index, 1);
    if (!agent) return [];
    agent.activeChats++;
    if (agent.activeChats < agent.capacity) {
      const next = line.findIndex(({ activeChats }) => activeChats > agent.activeChats);
      line.splice(next < 0 ? line.length : next, 0, agent);
    }
    return [{ chatId: id, agentId: agent.userId }];
  });
}
