#!/bin/sh
# Brings Temporal's two databases to the release of this image, whether they are empty, older, or as they should be.
set -eu
for database in temporal temporal_visibility; do
  versions=$SCHEMA_DIR/${database#temporal_}/versioned
  tool() { SQL_DATABASE=$database temporal-sql-tool "$@"; }
  tool update-schema --schema-dir "$versions" || {
    echo "$database has no schema yet: making it"
    tool setup-schema --version 0.0
    tool update-schema --schema-dir "$versions"
  }
done
