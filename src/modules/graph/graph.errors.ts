import { defineError } from '../../platform/errors/index.js';

export const graphEntityNotFound = defineError({
  code: 'graph_entity_not_found',
  kind: 'not_found',
  title: 'There is no such entity in your graph.',
});

export const graphRelationNotFound = defineError({
  code: 'graph_relation_not_found',
  kind: 'not_found',
  title: 'There is no such relation in your graph.',
});

export const graphFileOvertaken = defineError({
  code: 'graph_file_overtaken',
  kind: 'conflict',
  title: 'The graph of this file is being replaced or removed by a later run.',
});

export const graphQueryTooLarge = defineError({
  code: 'graph_query_too_large',
  kind: 'unavailable',
  title: 'This question to the graph takes too long. Ask for less depth, or for fewer entities.',
});
