-- The tables of xorm_auth and of acl_xorm (or acl_sql) in SQLite: sqlite3 registry.db < sqlite.sql. docker_auth's own are as good.
CREATE TABLE xorm_user (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  username TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  labels TEXT NULL
);
CREATE INDEX xorm_user_username ON xorm_user (username);

CREATE TABLE xorm_acl_entry (
  seq INTEGER NOT NULL UNIQUE,
  acl_entry TEXT NOT NULL
);
