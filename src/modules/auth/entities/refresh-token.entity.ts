import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('refresh_tokens')
export class RefreshTokenEntity {
  @PrimaryColumn('char', { name: 'token_hash', length: 64 })
  tokenHash: string;

  @Column('char', { name: 'session_id', length: 36 })
  sessionId: string;

  @Column('char', { name: 'access_token_hash', length: 64 })
  accessTokenHash: string;

  @Column('datetime', { name: 'access_expires_at', precision: 3 })
  accessExpiresAt: Date;

  @Column('datetime', { name: 'created_at', precision: 3 })
  createdAt: Date;

  @Column('datetime', { name: 'expires_at', precision: 3 })
  expiresAt: Date;

  @Column('datetime', { name: 'used_at', precision: 3, nullable: true })
  usedAt: Date | null;
}
