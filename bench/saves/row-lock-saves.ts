import { setTimeout as delay } from 'node:timers/promises';
import { createPool, type PoolConnection, type RowDataPacket } from 'mysql2/promise';
import { LOCK_WAIT_SECONDS } from './save-installation.ts';
import { finishedTurn, startedTurn } from './bench-turns.ts';

/** One way to have a conversation's turn answered and saved. */
export interface TurnWriter {
  /** Takes a turn whose model answers after `answerMs`. When it returns, the turn is durable; when it throws, it is not. */
  takeTurn(conversationId: string, ownerId: string, answerMs: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * The way that leads to lock errors: one transaction on the server's own isolation level locks the conversation's
 * row, waits for the model, writes the rows that the product writes, and commits.
 */
export function openRowLockSaves(databaseUrl: string, connections: number): TurnWriter {
  const pool = createPool({ uri: databaseUrl, connectionLimit: connections, timezone: 'Z' });
  pool.pool.on('connection', (connection) => {
    connection.query(`SET SESSION innodb_lock_wait_timeout = ${LOCK_WAIT_SECONDS}`);
  });
  return {
    takeTurn: async (conversationId, ownerId, answerMs) => {
      const connection = await pool.getConnection();
      try {
        await connection.query('BEGIN');
        const lastSequence = await lockConversation(connection, conversationId);
        const turn = startedTurn(conversationId, ownerId);
        if (answerMs > 0) await delay(answerMs);
        await writeTurn(connection, finishedTurn(turn), lastSequence);
        await connection.query('COMMIT');
      } catch (error) {
        await connection.query('ROLLBACK');
        throw error;
      } finally {
        connection.release();
      }
    },
    close: () => pool.end(),
  };
}

async function lockConversation(connection: PoolConnection, conversationId: string): Promise<number> {
  const [[row]] = await connection.execute<RowDataPacket[]>(
    'SELECT last_sequence FROM conversations WHERE id = ? FOR UPDATE',
    [conversationId],
  );
  return Number(row?.['last_sequence']);
}

async function writeTurn(
  connection: PoolConnection,
  turn: ReturnType<typeof finishedTurn>,
  lastSequence: number,
): Promise<void> {
  const finishedAt = new Date(turn.finished_at ?? turn.started_at);
  await connection.execute(
    `INSERT INTO turns (id, conversation_id, owner_id, status, model, finish_reason, prompt_tokens, completion_tokens,
       usage_source, cost_micro_coins, started_at, finished_at, saved_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?)`,
    [
      turn.id,
      turn.conversation_id,
      turn.owner_id,
      turn.status,
      turn.model,
      turn.finish_reason,
      turn.prompt_tokens,
      turn.completion_tokens,
      turn.usage_source,
      new Date(turn.started_at),
      finishedAt,
      new Date(),
    ],
  );
  for (const [index, message] of turn.messages.entries()) {
    await connection.execute(
      `INSERT INTO conversation_messages
         (id, conversation_id, turn_id, sequence, role, content, extra, status, tokens, created_at)
       VALUES (?, ?, ?, ?, ?, ?, NULL, ?, ?, ?)`,
      [
        message.id,
        turn.conversation_id,
        turn.id,
        lastSequence + 1 + index,
        message.role,
        message.content,
        message.status,
        message.tokens,
        new Date(message.created_at),
      ],
    );
  }
  await connection.execute(
    `UPDATE conversations SET last_sequence = last_sequence + ?, message_count = message_count + ?,
       total_tokens = total_tokens + ?, last_activity_at = ? WHERE id = ?`,
    [
      turn.messages.length,
      turn.messages.length,
      turn.prompt_tokens + turn.completion_tokens,
      finishedAt,
      turn.conversation_id,
    ],
  );
}
