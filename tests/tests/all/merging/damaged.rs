//! A record that does not open is compared with nobody, and keeps nobody from being written.

use super::{loaded, read};
use entity::document::{Column, Entity};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use tests::county::County;
use tests::database::Database;
use tests::on_both;
use tests::verify::findings;
use uuid::Uuid;

on_both!(a_damaged_record_stops_nobody);

const NUMBER: &str = "440784194609011881";

async fn a_damaged_record_stops_nobody(database: Database) {
    let county = County::start(database).await;
    let cadre = county.console("陆桂英").await;
    let made = |name| county.a_resident(name).in_grid("良围一格").number(NUMBER);
    let damaged = made("任仪志").made().await;
    let sound = county.a_resident("任仪之").in_grid("良围一格").made().await;
    let db = county.program.db.schema();
    let rows = Entity::update_many().col_expr(Column::Sealed, Expr::value(vec![7u8; 40]));
    let rows = rows.filter(Column::Resident.eq(damaged)).exec(db).await.unwrap();
    assert_eq!(rows.rows_affected, 1);

    // Somebody is reported under the same number, and somebody is given it.
    let mut phone = loaded(&county, "冯国强").await;
    let draft = phone.create(county.place("良围二格")).set("name", "任仪志");
    let reported = draft
        .set("id_number", NUMBER)
        .set("address", "沙坪街道良围村旧围村9号")
        .person();
    phone.sync().await;
    assert!(phone.unsent().is_empty());
    // That the address belongs to another grid is asked too.
    assert_eq!(cadre.waiting(reported).await, ["address address", "new_resident"]);
    let seen = read(&cadre, sound).await;
    let body = json!({
        "id": Uuid::now_v7(), "base": seen["version"],
        "fields": { "id_number": { "was": Value::Null, "now": NUMBER } },
    });
    let path = format!("/api/v1/residents/{sound}/edits");
    cadre.post(&path, &body).await.ok();
    assert_eq!(read(&cadre, sound).await["fields"]["id_number"], NUMBER);
    // The two who open are asked about; `verify` tells of the third.
    let page = cadre.get("/api/v1/inbox?reason=possible_duplicate").await.ok();
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    let found = findings(&county.program).await;
    let found: Vec<&str> = found.iter().map(|f| f.kind.code()).collect();
    assert_eq!(found, ["document_unreadable"]);
}
