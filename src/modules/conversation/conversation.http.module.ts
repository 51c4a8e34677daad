import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/index.js';
import { BranchController } from './branches/branch.controller.js';
import { ConversationController } from './conversation.controller.js';
import { ConversationInspectionController } from './operations/conversation-inspection.controller.js';
import { ConversationInspection } from './operations/conversation-inspection.service.js';
import { SaveOperationsController } from './operations/save-operations.controller.js';
import { SaveOperations } from './operations/save-operations.service.js';
import { ExportController } from './export/export.controller.js';
import { ExportRepository } from './export/export.repository.js';
import { ExportService } from './export/export.service.js';
import { ExportSlots } from './export/export-slots.js';
import { SaveGauges } from './saving/save-gauges.js';
import { SaveHealth } from './saving/save-health.js';
import { ConversationModule } from './conversation.module.js';

@Module({
  imports: [AuditModule, ConversationModule],
  controllers: [
    ExportController,
    ConversationController,
    BranchController,
    SaveOperationsController,
    ConversationInspectionController,
  ],
  providers: [
    ExportRepository,
    ExportService,
    ExportSlots,
    SaveGauges,
    SaveHealth,
    SaveOperations,
    ConversationInspection,
  ],
})
export class ConversationHttpModule {}
