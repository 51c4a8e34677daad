import { Module } from '@nestjs/common';
import { ConversationController } from './conversation.controller.js';
import { ExportController } from './export/export.controller.js';
import { ExportRepository } from './export/export.repository.js';
import { ExportService } from './export/export.service.js';
import { ExportSlots } from './export/export-slots.js';
import { SaveHealth } from './save-health.js';
import { ConversationModule } from './conversation.module.js';

@Module({
  imports: [ConversationModule],
  controllers: [ExportController, ConversationController],
  providers: [ExportRepository, ExportService, ExportSlots, SaveHealth],
})
export class ConversationHttpModule {}
