import { Controller, Get } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequireScope } from '../../platform/http/index.js';
import { formatCoins } from '../../shared/money.js';
import { type PriceList, priceListSchema } from './dto/price-list.dto.js';
import { ProviderService } from './provider.service.js';

/** What the models cost. */
@ApiTags('Coins')
@ApiBearerAuth()
@Controller('api/coins/prices')
export class PriceController {
  constructor(private readonly provider: ProviderService) {}

  @Get()
  @RequireScope('chat')
  @ApiOperation({
    summary: 'List the prices of the models',
    description:
      'A turn costs its prompt tokens and its answer tokens at these prices, rounded up to a millionth of a coin ' +
      'once at the end. A turn that runs keeps the prices it began with.',
  })
  @ApiOkResponse({ standardSchema: priceListSchema })
  list(): PriceList {
    const items = this.provider.listModels().map((model) => ({
      model: model.id,
      input_per_million_tokens: formatCoins(model.inputPrice),
      output_per_million_tokens: formatCoins(model.outputPrice),
      max_output_tokens: model.maxOutputTokens,
      context_tokens: model.contextTokens,
    }));
    return { items };
  }
}
