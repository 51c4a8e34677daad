import { Controller, Get } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiOkResponse,
  ApiOperation,
  ApiServiceUnavailableResponse,
  ApiTags,
} from '@nestjs/swagger';
import { serviceUnavailable } from '../../../platform/errors/index.js';
import { RequireScope } from '../../../platform/http/index.js';
import { type ProcessList, processListSchema, toProcessList } from './process.dto.js';
import { ProcessWatch } from './process-watch.js';

/** The processes of the product, on all machines. */
@ApiTags('Operations')
@ApiBearerAuth()
@Controller('api/admin/processes')
@RequireScope('operations')
export class ProcessController {
  constructor(private readonly processes: ProcessWatch) {}

  @Get()
  @ApiOperation({
    summary: 'List the processes: how each is, and what it does',
    description:
      'A process that ends in order leaves the list; one that is killed stays as `lost` for an hour, or until its ' +
      'successor is there. While MySQL is away the list is what was known last (`is_current: false`).',
  })
  @ApiOkResponse({ standardSchema: processListSchema })
  @ApiServiceUnavailableResponse({
    description: '`service_unavailable`: MySQL is away, and was when this process began.',
  })
  async list(): Promise<ProcessList> {
    const known = await this.processes.readOrRemember();
    if (!known) throw serviceUnavailable({ detail: 'MySQL does not answer.', retryAfterSeconds: 1 });
    return toProcessList(known);
  }
}
