import { Controller, Get, Param } from '@nestjs/common';
import { ApiBearerAuth, ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequireScope } from '../../../platform/http/index.js';
import { idSchema } from '../../../shared/ids.js';
import { LogIntake } from '../log-intake.service.js';
import { type ReceiptFate, receiptFateSchema } from './intake.dto.js';
import { logReceiptNotFound } from './intake.errors.js';

/** What became of logs that were sent. For those who may send them. */
@ApiTags('Logs')
@ApiBearerAuth()
@Controller('api/logs/receipts')
@RequireScope('logs:write')
export class ReceiptController {
  constructor(private readonly intake: LogIntake) {}

  @Get(':id')
  @ApiOperation({
    summary: 'Ask what became of logs',
    description: 'Single lines that came within two milliseconds share a receipt.',
  })
  @ApiOkResponse({ standardSchema: receiptFateSchema })
  @ApiNotFoundResponse({ description: '`log_receipt_not_found`' })
  async find(@Param('id', { schema: idSchema }) id: string): Promise<ReceiptFate> {
    const fate = await this.intake.fate(id);
    if (!fate) throw logReceiptNotFound();
    return { receipt_id: id, fate };
  }
}
