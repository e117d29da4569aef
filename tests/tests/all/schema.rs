//! The schema's history goes forward and back, and ends where the entities say.

use migration::Migrator;
use sea_orm::{
    ColumnTrait, ColumnType, ConnectionTrait, DbBackend, EntityTrait, IdenStatic, Iterable, Statement,
};
use sea_orm_migration::MigratorTrait;
use std::collections::{BTreeMap, BTreeSet};
use tests::database::Database;
use tests::workspace;

/// Table and column, with the kind of value and whether it may be missing.
type Schema = BTreeMap<(String, String), (&'static str, bool)>;

/// Adds the tables of the named modules of `entity` to a schema, and says which modules these were.
macro_rules! entities {
    ($schema:ident: $($table:ident)+) => {{
        $( add::<entity::$table::Entity>(&mut $schema); )+
        [$(stringify!($table)),+]
    }};
}

fn of_entities() -> Schema {
    let mut schema = Schema::new();
    let known = entities!(schema:
        account account_grant answer audit backup client client_secret client_use clue clue_rule
        confirmation data_key decision device
        device_entry division document edit
        enrolment export_run facts feed feed_entry file_chunk grid grid_range held holding household inbox_item job
        kept_apart known_elsewhere lesson list list_mapping list_row lookup meta past_document placement projection register_row
        resident resident_merge roster_export roster_feed
        roster_step search_card session sign_in_guard
        stored_file tombstone tombstone_hash visit visit_task
    );
    let known: BTreeSet<String> = known.iter().map(|table| table.to_string()).collect();
    let source = workspace::read("entity/src/lib.rs");
    let modules = source
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    let modules: BTreeSet<String> = modules.map(str::to_owned).collect();
    assert_eq!(known, modules, "the list above names every table of entity");
    schema
}

fn add<E: EntityTrait>(schema: &mut Schema) {
    let table = E::default();
    for column in E::Column::iter() {
        let definition = column.def();
        let kind = match definition.get_column_type() {
            ColumnType::Uuid => "uuid",
            ColumnType::String(_) | ColumnType::Text => "text",
            ColumnType::Integer => "int",
            ColumnType::BigInteger => "bigint",
            ColumnType::Boolean => "bool",
            ColumnType::VarBinary(_) | ColumnType::Blob | ColumnType::Binary(_) => "bytes",
            other => panic!(
                "{}.{}: {other:?} is not used here yet",
                table.table_name(),
                column.as_str()
            ),
        };
        let name = (table.table_name().to_owned(), column.as_str().to_owned());
        schema.insert(name, (kind, definition.is_null()));
    }
}

/// The schema as PostgreSQL describes it.
const IN_POSTGRES: &str = "SELECT table_name, column_name, data_type, is_nullable = 'YES' AS nullable \
    FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'seaql_migrations'";

/// The schema as SQLite describes it; a rowid's own column is never missing although it is not declared so.
const IN_SQLITE: &str = "SELECT t.name AS table_name, c.name AS column_name, c.type AS data_type, \
    c.\"notnull\" = 0 AND c.pk = 0 AS nullable FROM sqlite_master t JOIN pragma_table_info(t.name) c \
    WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND t.name <> 'seaql_migrations'";

async fn of_database(db: &impl ConnectionTrait) -> Schema {
    let backend = db.get_database_backend();
    let sql = if backend == DbBackend::Postgres {
        IN_POSTGRES
    } else {
        IN_SQLITE
    };
    let rows = db
        .query_all_raw(Statement::from_string(backend, sql))
        .await
        .unwrap();
    let text = |row: &sea_orm::QueryResult, column| row.try_get::<String>("", column).unwrap();
    rows.iter()
        .map(|row| {
            let kind = match text(row, "data_type").to_lowercase().as_str() {
                "uuid" => "uuid",
                "text" | "character varying" => "text",
                "integer" => "int",
                "bigint" => "bigint",
                "boolean" => "bool",
                "bytea" | "blob" => "bytes",
                other => panic!("a column of type {other}"),
            };
            (
                (text(row, "table_name"), text(row, "column_name")),
                (kind, row.try_get("", "nullable").unwrap()),
            )
        })
        .collect()
}

/// SQLite keeps ids as bytes, and has one kind of integer where it numbers rows itself.
fn as_sqlite_keeps_it(schema: Schema) -> Schema {
    let loose = |kind| match kind {
        "uuid" => "bytes",
        "bigint" => "int",
        kind => kind,
    };
    schema
        .into_iter()
        .map(|(name, (kind, nullable))| (name, (loose(kind), nullable)))
        .collect()
}

fn difference(left: &Schema, right: &Schema) -> Vec<String> {
    let only = |a: &Schema, b: &Schema, sign: &str| -> Vec<String> {
        let missing = a.iter().filter(|(name, column)| b.get(*name) != Some(column));
        missing
            .map(|((table, name), column)| format!("{sign} {table}.{name} {column:?}"))
            .collect()
    };
    [only(left, right, "-"), only(right, left, "+")].concat()
}

async fn goes_up_down_and_up(database: Database) {
    let db = database.open().await;
    let db = db.schema();
    Migrator::up(db, None).await.unwrap();
    let first = of_database(db).await;
    Migrator::down(db, None).await.unwrap();
    assert_eq!(
        difference(&of_database(db).await, &Schema::new()),
        [""; 0],
        "what going back leaves behind"
    );
    Migrator::up(db, None).await.unwrap();
    let again = of_database(db).await;
    assert_eq!(
        difference(&first, &again),
        [""; 0],
        "- the first time, + the second"
    );

    let mut entities = of_entities();
    let mut found = again;
    if db.get_database_backend() == DbBackend::Sqlite {
        entities = as_sqlite_keeps_it(entities);
        found = as_sqlite_keeps_it(found);
    }
    assert_eq!(difference(&entities, &found), [""; 0], "- entity, + database");
}

#[tokio::test]
async fn goes_up_down_and_up_sqlite() {
    goes_up_down_and_up(Database::empty_sqlite()).await;
}

#[tokio::test]
async fn goes_up_down_and_up_postgres() {
    goes_up_down_and_up(Database::empty_postgres().await).await;
}

/// A migration that was merged is never edited: a copy of the newest schema serves as well as a walk through history.
async fn is_copied_whole(database: Database) {
    let db = database.open().await;
    let pending = Migrator::get_pending_migrations(db.schema()).await.unwrap();
    assert!(
        pending.is_empty(),
        "a fresh database of the harness has the newest schema"
    );
}

tests::on_both!(is_copied_whole);
