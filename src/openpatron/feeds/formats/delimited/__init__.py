"""Any CSV, TSV or XLSX, read by a mapping of its columns."""
