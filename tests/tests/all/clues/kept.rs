//! What is settled goes after its term, once no rule finds it any more; what waits stays.

use super::whole_loop::{allowance, deaths, items};
use super::{clues, hand_in, told, worker};
use api::app::tidy::{self, Terms, What};
use entity::{clue, inbox_item, visit_task};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;
use tests::county::County;
use tests::database::Database;

tests::on_both!(settled_clues_have_a_term);

const DAY: i64 = 24 * 3600 * 1000;

async fn settled_clues_have_a_term(database: Database) {
    use clue::Column as C_;
    let county = County::start(database).await;
    let runner = worker(&county.program).await;
    let cadre = county.console("陆桂英").await;
    let people = [("何一新", 1), ("何二喜", 2), ("何三妹", 3), ("何四好", 4)];
    hand_in(&county, "old_age_allowance", "2026-10", &allowance(&people)).await;
    hand_in(&county, "deaths", "2026-11", &deaths(&people)).await;
    for item in items(&cadre).await {
        let choice = match item["content"]["person"]["name"].as_str().unwrap() {
            "何一新" | "何二喜" => ("refute", json!({ "reason": "本人健在" })),
            "何三妹" => ("send", json!({ "value": county.account("梁少芳").await })),
            _ => continue,
        };
        cadre.decide(&item, choice.0, choice.1).await.ok();
    }
    runner.stop().await;
    // Long ago; of one the rules have heard since.
    let db = county.program.db.schema();
    let now = county.program.clock.now().millis();
    let long_ago = now - 1200 * DAY;
    for column in [C_::ChangedAt, C_::SeenAt] {
        let rows = clue::Entity::update_many().col_expr(column, Expr::value(long_ago));
        rows.exec(db).await.unwrap();
    }
    let all = clues(&cadre, "").await;
    let still = all.iter().find(|c| c["person"]["name"] == "何二喜").unwrap();
    let still: uuid::Uuid = still["id"].as_str().unwrap().parse().unwrap();
    let rows = clue::Entity::update_many().col_expr(C_::SeenAt, Expr::value(now));
    rows.filter(C_::Id.eq(still)).exec(db).await.unwrap();
    let open = visit_task::Entity::find().count(db).await.unwrap();

    let items_of = inbox_item::Entity::find().filter(inbox_item::Column::Reason.eq("clue"));
    assert_eq!(items_of.clone().count(db).await.unwrap(), 4);
    let step = async |what| tidy::step(db, what, &Terms::default(), now).await.unwrap();
    assert_eq!((step(What::Clues).await, step(What::Clues).await), (1, 0));
    assert_eq!(
        told(&clues(&cadre, "").await),
        [
            "deceased_on_elder 何三妹 sent",
            "deceased_on_elder 何二喜 refuted",
            "deceased_on_elder 何四好 open"
        ]
    );
    assert_eq!(items_of.count(db).await.unwrap(), 3);
    // An open task stays, whenever it was given; one that is over goes.
    let rows = visit_task::Entity::update_many();
    let rows = rows.col_expr(visit_task::Column::CreatedAt, Expr::value(long_ago));
    rows.exec(db).await.unwrap();
    assert_eq!((open, step(What::Tasks).await), (1, 0));
    let rows = visit_task::Entity::update_many();
    let rows = rows.col_expr(visit_task::Column::State, Expr::value("withdrawn"));
    let rows = rows.col_expr(visit_task::Column::DoneAt, Expr::value(long_ago));
    rows.exec(db).await.unwrap();
    assert_eq!((step(What::Tasks).await, step(What::Tasks).await), (1, 0));
}
