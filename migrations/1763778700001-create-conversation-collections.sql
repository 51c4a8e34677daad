-- The collections that the turns of a conversation are answered from.
CREATE TABLE conversation_collections (
  conversation_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  collection_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  PRIMARY KEY (conversation_id, collection_id)
) ENGINE = InnoDB;
