-- The one that all chunks have; the first of the alphabet of several, so that a file with any other is embedded anew.
UPDATE knowledge_files AS f SET embedder = COALESCE(
  (SELECT MIN(c.embedder) FROM knowledge_chunks AS c WHERE c.file_no = f.file_no AND c.generation = f.generation), '');
