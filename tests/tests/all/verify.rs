//! The check of all that is kept of the records: clean after work as usual, and no kind of damage escapes it.

use api::app::demo;
use api::app::verify::{Looked, Of};
use api::store::cards::Card;
use api::store::inbox::{self, NewItem};
use api::store::sealed;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::json;
use std::collections::BTreeSet;
use tests::app::TestApp;
use tests::county::County;
use tests::database::Database;
use tests::process;
use tests::verify::findings;
use uuid::Uuid;

tests::on_both!(
    a_demo_county_is_clean,
    damage_to_a_record_is_found,
    damage_to_open_items_is_found,
    damage_to_a_feed_is_found,
    the_command_says_what_it_found_beside_a_running_server,
);

/// Runs SQL in which `:id` and `:other` are ids, and `:bytes` are bytes that nobody sealed.
async fn damage(county: &County, sql: &str, id: Uuid, other: Uuid) {
    let db = county.program.db.schema();
    let postgres = county.database().is_postgres();
    let text = |id: Uuid| match postgres {
        true => format!("'{id}'"),
        false => format!("X'{}'", id.simple()),
    };
    let bytes = match postgres {
        true => r"'\x0102030405060708090a0b0c0d0e0f10'",
        false => "X'0102030405060708090a0b0c0d0e0f10'",
    };
    let sql = sql
        .replace(":id", &text(id))
        .replace(":other", &text(other))
        .replace(":bytes", bytes);
    let done = db
        .execute_raw(Statement::from_string(db.get_database_backend(), sql.clone()))
        .await
        .unwrap_or_else(|e| panic!("{sql}: {e}"));
    assert!(done.rows_affected() > 0, "{sql}");
}

/// Codes of what is found about one resident or grid, sorted.
async fn codes(county: &County, of: Of) -> BTreeSet<&'static str> {
    let all = findings(&county.program).await;
    all.iter().filter(|f| f.of == of).map(|f| f.kind.code()).collect()
}

async fn a_demo_county_is_clean(database: Database) {
    let app = TestApp::start(database).await;
    demo::fill(&app.program, 450).await.unwrap();
    let mut found = Vec::new();
    let looked = api::app::verify::records(&app.program, |f| found.push(f))
        .await
        .unwrap();
    assert_eq!(found, []);
    assert_eq!(
        looked,
        Looked {
            residents: 450,
            grids: 35,
            findings: 0
        }
    );
}

/// What is done to a resident's rows, and the codes that are found.
const DAMAGES: &[(&str, &[&str])] = &[
    ("DELETE FROM document WHERE resident = :id", &["document_missing"]),
    (
        "UPDATE document SET sealed = :bytes WHERE resident = :id",
        &["document_unreadable"],
    ),
    // Somebody else's document is sealed to its own place.
    (
        "UPDATE document SET sealed = (SELECT sealed FROM document WHERE resident = :other) WHERE resident = :id",
        &["document_unreadable"],
    ),
    ("DELETE FROM facts WHERE resident = :id", &["facts_missing"]),
    (
        "UPDATE facts SET sealed = :bytes WHERE resident = :id",
        &["facts_unreadable"],
    ),
    (
        "UPDATE facts SET version = version + 1 WHERE resident = :id",
        &["facts_version_differs"],
    ),
    (
        "UPDATE resident SET state = 'gone' WHERE id = :id",
        &["state_unknown"],
    ),
    (
        "UPDATE resident SET birth_year = 1900 WHERE id = :id",
        &["birth_year_differs"],
    ),
    (
        "UPDATE resident SET version = 'AAEAAAABAAAAAAAAAAA' WHERE id = :id",
        &["version_differs"],
    ),
    (
        "UPDATE resident SET n = n + 1 WHERE id = :id",
        &[
            "edit_number_differs",
            "projection_differs",
            "projection_number_differs",
            "version_differs",
        ],
    ),
    ("DELETE FROM edit WHERE resident = :id", &["edit_number_differs"]),
    (
        "UPDATE edit SET facts_version = 99 WHERE resident = :id",
        &["edit_facts_version_differs"],
    ),
    (
        "UPDATE edit SET heads = :bytes WHERE resident = :id",
        &["edit_heads_differ"],
    ),
    (
        "DELETE FROM projection WHERE resident = :id",
        &["projection_missing"],
    ),
    (
        "UPDATE projection SET open = :bytes WHERE resident = :id",
        &["projection_unreadable"],
    ),
    (
        "UPDATE projection SET rest = :bytes WHERE resident = :id",
        &["projection_unreadable"],
    ),
    (
        "UPDATE projection SET n = n - 1 WHERE resident = :id",
        &["projection_number_differs"],
    ),
    ("DELETE FROM search_card WHERE resident = :id", &["card_missing"]),
    (
        "UPDATE search_card SET sealed = :bytes WHERE resident = :id",
        &["card_unreadable"],
    ),
    (
        "DELETE FROM lookup WHERE resident = :id AND kind = 'name'",
        &["lookup_missing"],
    ),
    (
        "INSERT INTO lookup (kind, hash, resident) VALUES ('phone', :bytes, :id)",
        &["lookup_left_over"],
    ),
    (
        "UPDATE lookup SET hash = :bytes WHERE resident = :id AND kind = 'id_number'",
        &["lookup_left_over", "lookup_missing"],
    ),
    (
        "DELETE FROM feed_entry WHERE subject = :id",
        &["feed_entry_missing"],
    ),
    (
        "UPDATE feed_entry SET n = 100000 WHERE subject = :id",
        &["feed_entry_ahead"],
    ),
    (
        "UPDATE resident SET grid = NULL WHERE id = :id",
        &["feed_entry_left_over", "projection_differs"],
    ),
    (
        "UPDATE resident SET state = 'departed' WHERE id = :id",
        &["feed_entry_left_over", "projection_differs"],
    ),
    (
        "DELETE FROM resident WHERE id = :id",
        &[
            "card_without_resident",
            "document_without_resident",
            "facts_without_resident",
            "feed_entry_left_over",
            "lookup_without_resident",
            "projection_without_resident",
        ],
    ),
];

async fn damage_to_a_record_is_found(database: Database) {
    let county = County::start(database).await;
    let whole = county.a_resident("黄秋菊").made().await;
    for (place, (sql, expected)) in DAMAGES.iter().enumerate() {
        // Nobody is like anybody before: who may be the same person is looked at, also where it is damaged.
        let (month, day) = (1 + place / 28, 1 + place % 28);
        let digits = format!("4407841951{month:02}{day:02}484");
        let mut numbers = "0123456789X".chars().map(|check| format!("{digits}{check}"));
        let number = numbers.find(|n| domain::id_number::IdNumber::parse(n).is_ok());
        let victim = county
            .a_resident("黎阿妹")
            .number(&number.unwrap())
            .with("birth_date", format!("1951-{month:02}-{day:02}"))
            .phone(&format!("1390007{place:04}"))
            .made()
            .await;
        assert_eq!(codes(&county, Of::Resident(victim)).await, BTreeSet::new());
        damage(&county, sql, victim, whole).await;
        let found = codes(&county, Of::Resident(victim)).await;
        assert_eq!(found, expected.iter().copied().collect(), "{sql}");
    }
    // Sealed at its place, and yet of another record.
    let victim = county.a_resident("温好彩").made().await;
    let card = Card {
        name: "陆润生".into(),
        initials: "lrs".into(),
        address: String::new(),
    };
    let row = entity::search_card::ActiveModel {
        resident: sea_orm::ActiveValue::Unchanged(victim),
        sealed: sea_orm::ActiveValue::Set(sealed::seal(&county.program.keys, "search_card", victim, &card)),
    };
    sea_orm::ActiveModelTrait::update(row, county.program.db.schema())
        .await
        .unwrap();
    let found = codes(&county, Of::Resident(victim)).await;
    assert_eq!(found, BTreeSet::from(["card_differs"]));
    assert_eq!(codes(&county, Of::Resident(whole)).await, BTreeSet::new());
}

async fn damage_to_open_items_is_found(database: Database) {
    let county = County::start(database).await;
    let mut a = county.phone("梁少芳").await;
    let mut b = county.phone("吕小燕").await;
    let mut victims = Vec::new();
    for name in ["黄秋菊", "郭金娣"] {
        victims.push(county.a_resident(name).phone("13900078441").made().await);
    }
    let whole = county.a_resident("温好彩").made().await;
    a.sync().await;
    b.sync().await;
    for victim in &victims {
        a.edit(*victim).set("phone", "13900078442").done();
        b.edit(*victim).set("phone", "13900078443").done();
    }
    a.sync().await;
    b.sync().await;
    tests::verify(&county).await;

    let closed = "UPDATE inbox_item SET state = 'decided' WHERE resident = :id";
    damage(&county, closed, victims[0], whole).await;
    assert_eq!(
        codes(&county, Of::Resident(victims[0])).await,
        BTreeSet::from(["conflict_item_missing", "projection_differs"])
    );
    let unsealed = "UPDATE inbox_item SET sealed = :bytes WHERE resident = :id";
    damage(&county, unsealed, victims[1], whole).await;
    assert_eq!(
        codes(&county, Of::Resident(victims[1])).await,
        BTreeSet::from(["item_unreadable"])
    );
    let item = NewItem {
        id: Uuid::now_v7(),
        reason: "conflict",
        resident: Some(whole),
        key: "phone".into(),
        village: None,
        town: None,
        beside: None,
        category: None,
        level: "county",
        body: json!({ "sides": [] }),
        list: None,
        list_row: None,
        held: None,
    };
    let program = &county.program;
    inbox::insert(program.db.schema(), &program.keys, &[item], 0)
        .await
        .unwrap();
    assert_eq!(
        codes(&county, Of::Resident(whole)).await,
        BTreeSet::from(["conflict_item_left_over", "projection_differs"])
    );
}

async fn damage_to_a_feed_is_found(database: Database) {
    let county = County::start(database).await;
    let mut residents = Vec::new();
    for grid in ["良围一格", "良围二格", "仙溪一格", "陈山一格"] {
        residents.push(county.a_resident("黄秋菊").in_grid(grid).made().await);
    }
    tests::verify(&county).await;
    let damages: [(&str, &str, &[&str]); 3] = [
        (
            "良围一格",
            "UPDATE feed SET count = count + 1 WHERE id = :id",
            &["feed_count_differs"],
        ),
        (
            "良围二格",
            "UPDATE feed SET digest = :bytes WHERE id = :id",
            &["feed_digest_differs"],
        ),
        ("仙溪一格", "DELETE FROM feed WHERE id = :id", &["feed_missing"]),
    ];
    for (name, sql, expected) in damages {
        let grid = county.place(name);
        damage(&county, sql, grid, grid).await;
        let found = codes(&county, Of::Grid(grid)).await;
        assert_eq!(found, expected.iter().copied().collect(), "{sql}");
    }
    // A record that stands in one grid and is entered in another, too.
    let elsewhere = "INSERT INTO feed_entry (feed, subject, n) VALUES (:id, :other, 1)";
    damage(&county, elsewhere, county.place("陈山一格"), residents[0]).await;
    assert_eq!(
        codes(&county, Of::Resident(residents[0])).await,
        BTreeSet::from(["feed_entry_left_over"])
    );
    assert_eq!(
        codes(&county, Of::Grid(county.place("陈山一格"))).await,
        BTreeSet::new()
    );
}

async fn the_command_says_what_it_found_beside_a_running_server(database: Database) {
    let county = County::start(database).await;
    let victim = county.a_resident("黎阿妹").made().await;
    let output = process::run(county.database(), &["verify", "records"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert_eq!(said, "已核对：居民 1 人，网格 4 个，差异 0 处\n");

    damage(
        &county,
        "DELETE FROM search_card WHERE resident = :id",
        victim,
        victim,
    )
    .await;
    let output = process::run(county.database(), &["verify", "records"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert_eq!(
        said,
        format!("居民 {victim} card_missing 缺少检索卡\n已核对：居民 1 人，网格 4 个，差异 1 处\n")
    );
}

/// Where there is nothing to read, nothing is made.
#[test]
fn a_folder_without_a_database_stays_empty() {
    let database = Database::empty_sqlite();
    let output = process::run(&database, &["verify", "records"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(std::fs::read_dir(database.folder()).unwrap().count(), 0);
}
