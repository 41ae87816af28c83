//! The table and its statements.

use super::Config;
use crate::ConfigError;

/// Statements with the table's name in them.
#[derive(Debug)]
pub(super) struct Table {
    /// Quoted, with its schema.
    pub(super) name: String,
    pub(super) create: String,
    pub(super) read: String,
    pub(super) put: String,
    pub(super) add: String,
    pub(super) replace: String,
    pub(super) touch: String,
    pub(super) destroy: String,
    pub(super) escaped: String,
    pub(super) prune: String,
}

impl Table {
    pub(super) fn new(config: &Config) -> Result<Self, ConfigError> {
        let table = identifier("table_name", &config.table_name)?;
        let name = match &config.schema_name {
            Some(schema) => format!("{}.{table}", identifier("schema_name", schema)?),
            None => table,
        };
        let insert = format!(
            "INSERT INTO {name} AS kept (sess, expire, sid) SELECT $1::text::json, to_timestamp($2), $3 \
             ON CONFLICT (sid) DO UPDATE SET sess = EXCLUDED.sess, expire = EXCLUDED.expire"
        );
        Ok(Self {
            create: CREATE.replace("\"session\"", &name),
            read: format!("SELECT sess::text FROM {name} WHERE sid = $1 AND expire >= to_timestamp($2)"),
            put: format!("{insert} RETURNING sid"),
            add: format!("{insert} WHERE kept.expire < to_timestamp($4) RETURNING sid"),
            replace: format!(
                "UPDATE {name} SET sess = $1::text::json, expire = to_timestamp($2) \
                 WHERE sid = $3 AND expire >= to_timestamp($4) AND sess::text = $5 RETURNING sid"
            ),
            touch: format!("UPDATE {name} SET expire = to_timestamp($1) WHERE sid = $2 RETURNING sid"),
            destroy: format!("DELETE FROM {name} WHERE sid = $1 RETURNING sid"),
            escaped: format!(
                "SELECT sid, sess::text FROM {name} WHERE {HAS_ESCAPES} AND sid > $1 ORDER BY sid LIMIT 1000"
            ),
            prune: format!(
                "DELETE FROM {name} WHERE sid IN \
                 (SELECT sid FROM {name} WHERE expire < to_timestamp($1) LIMIT 1000) RETURNING true"
            ),
            name,
        })
    }

    /// The key is part of the statement, for an index on it to be used.
    pub(super) fn destroy_owned(&self, key: &str) -> String {
        let (name, key) = (&self.name, literal(key));
        format!(
            "DELETE FROM {name} WHERE CASE WHEN {HAS_ESCAPES} THEN NULL ELSE sess ->> {key} END = $1 RETURNING sid"
        )
    }
}

/// Without escapes, PostgreSQL can look into any JSON that it has stored.
const HAS_ESCAPES: &str = r"position(E'\\u' in sess::text) > 0";

/// Compatible with connect-pg-simple 10: its table.sql, with the same names for the key and the index whatever the table's.
const CREATE: &str = r#"
CREATE TABLE "session" (
  "sid" varchar NOT NULL COLLATE "default",
  "sess" json NOT NULL,
  "expire" timestamp(6) NOT NULL
)
WITH (OIDS=FALSE);
ALTER TABLE "session" ADD CONSTRAINT "session_pkey" PRIMARY KEY ("sid") NOT DEFERRABLE INITIALLY IMMEDIATE;
CREATE INDEX "IDX_session_expire" ON "session" ("expire");
"#;

/// Quoted: <https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS>.
fn identifier(key: &str, name: &str) -> Result<String, ConfigError> {
    if name.is_empty() || name.len() > 63 || name.contains('\0') {
        return Err(ConfigError::new(key, format!("{name:?}"), "a name of 1 to 63 bytes"));
    }
    Ok(format!("\"{}\"", name.replace('"', "\"\"")))
}

/// Quoted so that it is read alike with any `standard_conforming_strings`.
fn literal(text: &str) -> String {
    format!("E'{}'", text.replace('\\', r"\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_keys_cannot_leave_their_quotes() {
        let config = Config {
            schema_name: Some("a\"b".to_owned()),
            table_name: "c\"; DROP TABLE d; --".to_owned(),
            ..Config::default()
        };
        let table = Table::new(&config).unwrap();
        assert_eq!(table.name, "\"a\"\"b\".\"c\"\"; DROP TABLE d; --\"");
        assert!(table.destroy_owned(r"it's \").contains(r"sess ->> E'it''s \\' END"));
        for table_name in [String::new(), "x".repeat(64), "a\0".to_owned()] {
            let error = Table::new(&Config { table_name, ..Config::default() }).unwrap_err();
            assert_eq!(error.path(), "table_name");
        }
    }
}
