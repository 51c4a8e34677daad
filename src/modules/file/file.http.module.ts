import { Module } from '@nestjs/common';
import { HttpModule } from '../../platform/http/index.js';
import { FileContentController } from './file-content.controller.js';
import { FileProcessingController } from './file-processing.controller.js';
import { FileProgressController } from './file-progress.controller.js';
import { FileController } from './file.controller.js';
import { FileModule } from './file.module.js';
import { FileSniffer } from './upload/file-sniffer.js';
import { FileUploadService } from './upload/file-upload.service.js';

@Module({
  imports: [FileModule, HttpModule],
  controllers: [FileController, FileContentController, FileProgressController, FileProcessingController],
  providers: [FileUploadService, FileSniffer],
})
export class FileHttpModule {}
