import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequireScope } from '../../platform/http/index.js';
import { AuditLog } from './audit-log.service.js';
import {
  type AuditLogPage,
  type AuditLogQuery,
  auditLogPageSchema,
  auditLogQuerySchema,
  toAuditEntryAnswer,
} from './dto/audit-log.dto.js';

/** For operators to read; there is no call that writes. */
@ApiTags('Audit')
@Controller('api/admin/audit')
export class AuditLogController {
  constructor(private readonly auditLog: AuditLog) {}

  @Get()
  @RequireScope('operations')
  @ApiOperation({
    summary: 'Read who did what to whose data',
    description:
      'The newest first. Entries are only ever added. They hold ids, plain facts and the reason that an operator gave, ' +
      'never content or an e-mail address.',
  })
  @ApiOkResponse({ standardSchema: auditLogPageSchema })
  async list(@Query({ schema: auditLogQuerySchema }) query: AuditLogQuery): Promise<AuditLogPage> {
    const entries = await this.auditLog.list({
      action: query.action,
      actorId: query.actor_id,
      subjectKind: query.subject_kind,
      subjectId: query.subject_id,
      before: query.cursor,
      limit: query.limit + 1,
    });
    const page = entries.slice(0, query.limit);
    return {
      items: page.map(toAuditEntryAnswer),
      next_cursor: entries.length > page.length ? (page.at(-1)?.id ?? null) : null,
    };
  }
}
