-- Some people on their way into the tables; the columns are those of people.People.rows.
CREATE TEMPORARY TABLE demo_person (
  person integer PRIMARY KEY,
  name integer NOT NULL,
  username text NOT NULL,
  email text NOT NULL,
  district_id text NOT NULL,
  status text NOT NULL,
  expires_on date,
  access_level bigint NOT NULL,
  resource_group bigint,
  homeroom bigint,
  value text NOT NULL,
  number bigint,
  codes text NOT NULL
)
