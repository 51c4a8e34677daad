import { IdSeries } from '../../../shared/id-series.js';

/** The ids of lines: those of one request sort in their order. */
export const lineIds = new IdSeries();
