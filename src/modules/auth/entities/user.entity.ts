import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Role } from '../domain/roles.js';

@Entity('users')
export class UserEntity {
  @PrimaryColumn('char', { length: 36 })
  id: string;

  @Column('varchar', { length: 254 })
  email: string;

  @Column('varchar', { name: 'password_hash', length: 255 })
  passwordHash: string;

  @Column('varchar', { length: 16 })
  role: Role;

  @Column('boolean', { name: 'is_disabled' })
  isDisabled: boolean;

  @Column('datetime', { name: 'created_at', precision: 3 })
  createdAt: Date;

  /** When the user was erased: then nothing personal is left here. */
  @Column('datetime', { name: 'erased_at', precision: 3, nullable: true })
  erasedAt: Date | null;
}
