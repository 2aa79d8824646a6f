-- The full names that people share, folded once.
CREATE TEMPORARY TABLE demo_name (
  id integer PRIMARY KEY,
  first_name text NOT NULL,
  middle_name text NOT NULL,
  last_name text NOT NULL,
  preferred_name text NOT NULL,
  search_text text NOT NULL,
  sort_name text NOT NULL
)
