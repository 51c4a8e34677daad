import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('api_keys')
export class ApiKeyEntity {
  @PrimaryColumn('char', { length: 36 })
  id: string;

  @Column('char', { name: 'owner_id', length: 36 })
  ownerId: string;

  @Column('varchar', { length: 100 })
  name: string;

  @Column('varchar', { length: 16 })
  prefix: string;

  @Column('char', { name: 'key_hash', length: 64 })
  keyHash: string;

  @Column('json')
  scopes: string[];

  @Column('datetime', { name: 'created_at', precision: 3 })
  createdAt: Date;

  @Column('datetime', { name: 'expires_at', precision: 3, nullable: true })
  expiresAt: Date | null;

  @Column('datetime', { name: 'last_used_at', precision: 3, nullable: true })
  lastUsedAt: Date | null;

  @Column('datetime', { name: 'revoked_at', precision: 3, nullable: true })
  revokedAt: Date | null;
}
