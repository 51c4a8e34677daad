import type { Citation } from '../../conversation/index.js';
import type { UiPart } from './ui-chat.dto.js';

/** A citation as the AI SDK shows it: streamed and stored alike. */
export function toSourcePart(citation: Citation): UiPart {
  const { chunk_id, file_name, media_type, ...rest } = citation;
  return {
    type: 'source-document',
    sourceId: chunk_id,
    mediaType: media_type,
    title: file_name,
    filename: file_name,
    providerMetadata: { lockkeeper: rest },
  };
}
