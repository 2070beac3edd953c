-- The tables of xorm_auth and of acl_xorm (or acl_sql) in MySQL and MariaDB. docker_auth's own are as good.
CREATE TABLE xorm_user (
  id BIGINT AUTO_INCREMENT PRIMARY KEY,
  username VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  password_hash VARCHAR(128) NOT NULL,
  labels TEXT NULL,
  INDEX (username)
);

CREATE TABLE xorm_acl_entry (
  seq BIGINT NOT NULL UNIQUE,
  acl_entry TEXT NOT NULL
);

-- All that this program needs, for the user of its conn_string:
-- GRANT SELECT ON registry.xorm_user TO registry_auth;
-- GRANT SELECT ON registry.xorm_acl_entry TO registry_auth;
