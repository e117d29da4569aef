//! A dry run says of every row what its commit then says, and writes nothing.

use api::actor::Grant;
use api::app::accounts::{self, NewAccount, Planted};
use api::app::divisions;
use domain::catalogue::Role;
use serde_json::{Value, json};
use tests::app::TestApp;
use tests::clerk::{Clerk, Handed, counts, worker};
use tests::county::PASSWORD;
use tests::database::Database;
use uuid::Uuid;

tests::on_both!(a_dry_run_says_what_the_commit_says);

const FILES: [(&str, &str, &str); 6] = [
    ("社工部", "grids", "网格划分.csv"),
    ("公安", "population", "公安-人口底册.xlsx"),
    ("残联", "disabled", "残联-持证残疾人名单.xlsx"),
    ("民政", "low_income", "民政-低保低边特困花名册.xls"),
    ("民政", "old_age_allowance", "民政-高龄津贴发放名册.csv"),
    ("卫健", "deaths", "卫健-死亡登记.csv"),
];

async fn a_dry_run_says_what_the_commit_says(database: Database) {
    let app = TestApp::start(database).await;
    let (division, clerk) = bureau(&app).await;
    let runner = worker(&app.program).await;
    for month in ["2026-10", "2026-11"] {
        for (source, kind, name) in FILES {
            let path = format!("{}/fixtures/lists/{name}", env!("CARGO_MANIFEST_DIR"));
            let content = std::fs::read(path).unwrap();
            let list = Handed {
                source,
                kind,
                division,
                month,
                name,
                content,
            };
            let id = clerk.upload(&list).await;
            let before = written(&app).await;
            let tried = clerk.dry_run(&id).await;
            assert_eq!(written(&app).await, before, "{name} writes nothing");
            assert_eq!(tried["state"], "uploaded");
            assert!(tried["planned_at"].is_string());
            assert_eq!(counts(&tried["verdicts"]), "");
            let planned = clerk.rows(&id, None).await;
            assert_eq!(planned.len() as i64, tried["rows"].as_i64().unwrap());
            let verdicts = tried["planned"].as_object().unwrap();
            for (verdict, count) in verdicts {
                let rows = clerk.rows(&id, Some(verdict)).await;
                assert_eq!(rows.len() as i64, count.as_i64().unwrap(), "{name} {verdict}");
                assert!(rows.iter().all(|row| row["planned"] == verdict.as_str()));
            }

            let committed = clerk.commit(&id).await;
            assert_eq!(
                counts(&committed["verdicts"]),
                counts(&tried["planned"]),
                "{name} {month}"
            );
            let after = clerk.rows(&id, None).await;
            for (before, after) in planned.iter().zip(&after) {
                let of = |row: &Value, verdict: &str, reason: &str| {
                    json!([row["sheet"], row["row"], row[verdict], row[reason]])
                };
                let said = of(before, "planned", "planned_reason");
                assert_eq!(said, of(after, "verdict", "reason"), "{name} {month}");
                assert_eq!(said, of(after, "planned", "planned_reason"), "it is kept");
                // Whoever would be entered had no id yet.
                let named = before["resident"].is_null() || before["resident"] == after["resident"];
                assert!(named, "{name} {said}");
            }
            let again = clerk
                .post(&format!("/api/v1/lists/{id}/dry-run"), &Value::Null)
                .await;
            assert_eq!(again.code(), "409 already_committed");
        }
    }
    runner.stop().await;
}

/// Everything that a dry run must leave as it is.
async fn written(app: &TestApp) -> [u64; 6] {
    use entity::{division, edit, enrolment, inbox_item, register_row, resident};
    use sea_orm::{EntityTrait, PaginatorTrait};
    let db = app.program.db.read();
    [
        division::Entity::find().count(db).await.unwrap(),
        resident::Entity::find().count(db).await.unwrap(),
        enrolment::Entity::find().count(db).await.unwrap(),
        edit::Entity::find().count(db).await.unwrap(),
        inbox_item::Entity::find().count(db).await.unwrap(),
        register_row::Entity::find().count(db).await.unwrap(),
    ]
}

/// The county of the shared files, with the bureau's clerk signed in.
async fn bureau(app: &TestApp) -> (Uuid, Clerk) {
    let (program, now) = (&app.program, app.program.clock.now());
    divisions::import::csv(&program.db, divisions::import::HESHAN, now)
        .await
        .unwrap();
    let tree = api::store::divisions::tree(program.db.read()).await.unwrap();
    let county = tree.iter().find(|d| d.parent.is_none()).unwrap().id;
    let phone = "13900070501";
    let planted = Planted {
        new: NewAccount {
            name: "区划管理员",
            phone,
            home: None,
        },
        password: Some(PASSWORD),
        grants: vec![Grant {
            role: Role::BureauAdmin,
            division: None,
            grid: None,
            category: None,
            department: None,
        }],
    };
    accounts::plant(&program.db, &program.keys, &planted, now)
        .await
        .unwrap();
    let who = json!({ "phone": phone, "password": PASSWORD });
    let signed_in = app.post("/api/v1/sign-in", &who).await.ok();
    let token = signed_in["access_token"].as_str().unwrap();
    (county, Clerk::new(app.client.with_token(token)))
}
