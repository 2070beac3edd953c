-- The tables of xorm_auth and of acl_xorm (or acl_sql) in PostgreSQL. docker_auth's own are as good.
CREATE TABLE xorm_user (
  id BIGSERIAL PRIMARY KEY,
  username VARCHAR(128) NOT NULL,
  password_hash VARCHAR(128) NOT NULL,
  labels TEXT NULL
);
CREATE INDEX xorm_user_username ON xorm_user (username);

CREATE TABLE xorm_acl_entry (
  seq BIGINT NOT NULL UNIQUE,
  acl_entry TEXT NOT NULL
);

-- All that this program needs, for the user of its conn_string:
-- GRANT SELECT ON xorm_user, xorm_acl_entry TO registry_auth;
