import { Module } from '@nestjs/common';
import { PriceController } from './price.controller.js';
import { ProviderModule } from './provider.module.js';

/** The price list. */
@Module({ imports: [ProviderModule], controllers: [PriceController] })
export class ProviderHttpModule {}
