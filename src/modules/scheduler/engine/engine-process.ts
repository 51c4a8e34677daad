import { hostname } from 'node:os';
import { Injectable } from '@nestjs/common';
import { newId } from '../../../shared/ids.js';
import type { EngineProcess } from '../store/lease.repository.js';

/** This process, as the others see it. */
@Injectable()
export class ThisProcess implements EngineProcess {
  readonly id = newId();
  readonly label = `${hostname().slice(0, 80)}:${process.pid}`;
}
