//! Who reads what of whom: lists, single reads, filters, counts and files, over two categories.

mod correcting;
mod rosters_back;
mod seeing;

use api::actor::{Actor, Grant};
use api::app::Error;
use api::app::desk::{Desk, Origin};
use api::app::residents::{self, ConsoleEdit, Filter};
use api::app::rosters::{self, Format, Started, Wanted};
use api::clock::Clock;
use api::lists::{self, ListKind};
use api::program::Program;
use api::seal::master::Secrets;
use api::store::divisions::{self, Division};
use api::store::enrolments::{self, NewEnrolment};
use calamine::{Data, Reader, Xlsx};
use domain::catalogue::Role;
use domain::code::Level;
use domain::{AccountId, EditId, Value};
use entity::audit;
use futures_util::StreamExt;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::io::Cursor;
use sync::record::{EnrolmentLine, Source};
use sync::{Arrived, Door, State, Writer};
use tests::database::Database;
use uuid::Uuid;

/// A county with two villages and six people: `disabled` and `low_income`, one in both, one only reported.
struct County {
    program: Program,
    villages: [Uuid; 2],
    people: Vec<Uuid>,
}

/// Name, phone, address, state, categories, village.
type Person = (
    &'static str,
    &'static str,
    &'static str,
    State,
    &'static [&'static str],
    usize,
);

const PEOPLE: [Person; 6] = [
    (
        "梁少芳",
        "13900078411",
        "鹤山市沙坪街道良围村委会旧围村86号",
        State::Present,
        &["disabled"],
        0,
    ),
    (
        "欧阳泉洪",
        "13900078412",
        "=1+1良围村旧围5号",
        State::Present,
        &["disabled", "low_income"],
        0,
    ),
    (
        "李阿妹",
        "13900078413",
        "+\"引号\"良围村7号",
        State::Present,
        &["disabled"],
        1,
    ),
    (
        "冯国强",
        "13900078414",
        "坡山村9号",
        State::Present,
        &["low_income"],
        1,
    ),
    (
        "何润生",
        "13900078415",
        "坡山村11号",
        State::Reported,
        &["disabled"],
        1,
    ),
    ("麦锦棠", "13900078416", "坡山村12号", State::Present, &[], 1),
];

fn number(n: usize) -> String {
    let digits = format!("440784195{}0101{:03}", n % 10, n * 2 + 1);
    let check = domain::id_number::check(digits.as_bytes());
    format!("{digits}{}", char::from(check))
}

async fn county(database: &Database) -> County {
    let db = database.open().await;
    let secrets = Secrets {
        master: [1; 32],
        lookup: [2; 32],
    };
    let program = Program::over(db, secrets, Clock::with_offset(0)).await.unwrap();
    let [top, town, a, b] = [Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7()];
    let division = |id, name: &str, level, parent| Division {
        id,
        code: None,
        name: name.into(),
        level,
        parent,
        names: Vec::new(),
        since: None,
        until: None,
    };
    let tree = [
        division(top, "鹤山市", Level::County, None),
        division(town, "沙坪街道", Level::Town, Some(top)),
        division(a, "良围村", Level::Village, Some(town)),
        division(b, "坡山村", Level::Village, Some(town)),
    ];
    let people: Vec<Uuid> = PEOPLE.iter().map(|_| Uuid::now_v7()).collect();
    let (ids, tree, villages, started) = (&people, &tree, [a, b], &program);
    program
        .db
        .write(|txn| async move {
            divisions::insert(&*txn, tree).await?;
            let mut desk = Desk::open(&txn, started, &BTreeSet::new(), &[], started.clock.now()).await?;
            for (n, person) in PEOPLE.iter().enumerate() {
                enter(&mut desk, ids[n], n, person, villages[person.5]).await?;
            }
            desk.save().await
        })
        .await
        .unwrap();
    County {
        program,
        villages: [a, b],
        people,
    }
}

async fn enter(desk: &mut Desk<'_>, id: Uuid, n: usize, person: &Person, village: Uuid) -> Result<(), Error> {
    let (name, phone, address, state, categories, _) = *person;
    desk.create(id, state, Some(village), None);
    let by = EditId::from(Uuid::now_v7());
    let birth = format!("195{}-01-01", n % 10);
    for (key, value) in [
        ("name", name),
        ("birth_date", birth.as_str()),
        ("id_number", number(n).as_str()),
        ("life_status", "living"),
        ("ethnicity", "汉"),
    ] {
        desk.set_fact(id, key, Value::from(value), by);
    }
    for category in categories {
        desk.set_fact(id, &format!("{category}.status"), Value::from("active"), by);
        if *category == "disabled" {
            desk.set_fact(id, "disabled.grade", Value::from("二级"), by);
        } else {
            desk.set_fact(id, "low_income.amount", Value::Integer(84_550), by);
        }
        let new = NewEnrolment {
            resident: id,
            category,
            source: "名单",
            since: "2025-01",
            source_status: "active",
            village_status: "confirmed",
            list: None,
            handed_in: &json!({}),
        };
        enrolments::begin(&*desk.txn, &desk.program.keys, &new).await?;
        let line = EnrolmentLine {
            category: (*category).into(),
            source: "名单".into(),
            since: "2025-01".into(),
            until: None,
            status: "active".into(),
            village: "confirmed".into(),
        };
        desk.records
            .get_mut(&id)
            .unwrap()
            .record
            .kept
            .enrolments
            .push(line);
    }
    let edit = json!({
        "id": Uuid::now_v7(), "seq": 1, "made_at": desk.now.to_string(), "resident": id, "catalogue": 1,
        "fields": {
            "phone": { "was": null, "now": phone },
            "address": { "was": null, "now": address },
            "remarks": { "was": null, "now": "低保户" },
        },
    });
    let Arrived::Edit(edit) = Arrived::parse(edit.to_string().as_bytes()) else {
        panic!("the edit is well formed")
    };
    let writer = Writer {
        account: AccountId::from_bytes([0; 16]),
        device: None,
        role: Role::Worker,
        door: Door::List {
            source: "民政".into(),
        },
        name: "名单".into(),
    };
    let source = Source::List {
        list: "民政".into(),
        month: "2026-10".into(),
    };
    let origin = Origin {
        writer: &writer,
        source,
        kind: "list",
        skew: 0,
    };
    desk.take(&edit, &origin)?;
    Ok(())
}

fn actor(role: Role, categories: &[&str], villages: &[Uuid]) -> Actor {
    let grant = |category: Option<&str>| Grant {
        role,
        division: None,
        grid: None,
        category: category.map(str::to_owned),
        department: category.map(|_| "残联".to_owned()),
    };
    let mut grants: Vec<Grant> = categories.iter().map(|c| grant(Some(c))).collect();
    if grants.is_empty() {
        grants.push(grant(None));
    }
    Actor {
        account: Uuid::now_v7(),
        name: "冯干部".into(),
        session: Uuid::now_v7(),
        device: None,
        epoch: 1,
        must_change: false,
        grants,
        towns: Vec::new(),
        villages: villages.to_vec(),
        client: None,
    }
}

fn told<T>(result: Result<T, Error>, fine: impl Fn(T) -> String) -> String {
    match result {
        Ok(done) => fine(done),
        Err(Error::Refused { code, fields, .. }) => format!("{code} {}", fields.join(",")),
        Err(Error::Conflict { code, .. } | Error::Forbidden { code, .. }) => code.to_owned(),
        Err(Error::NotFound) => "not found".to_owned(),
        Err(other) => panic!("{other:?}"),
    }
}

async fn names(program: &Program, who: &Actor, filter: &Filter) -> String {
    let page = residents::list(program, who, filter, None, 50).await;
    let listed = told(page, |page| {
        let name = |line: &serde_json::Map<String, Json>| {
            line["fields"]["name"].as_str().unwrap_or_default().to_owned()
        };
        page.iter().map(name).collect::<Vec<_>>().join(" ")
    });
    let looks_up = filter.name.is_some() || filter.phone.is_some() || filter.id_number.is_some();
    if !looks_up && !listed.is_ascii() {
        let count = residents::count(program, who, filter).await.unwrap();
        assert_eq!(count as usize, listed.split(' ').count(), "{listed}");
    }
    listed
}

/// The whole file, and how the audit trail tells of it.
async fn file(county: &County, who: &Actor, category: &str, format: Format) -> Result<Vec<u8>, Error> {
    let wanted = Wanted::all(category, format, "季度核对");
    let Started::Streamed(export) = rosters::export(&county.program, who, &wanted).await? else {
        panic!("a small roster is streamed")
    };
    let begun = last_export(county).await;
    assert_eq!(begun.count, Some(export.planned as i64));
    assert!(begun.detail.unwrap().ends_with("purpose=季度核对"));
    let (mut bytes, mut parts) = (Vec::new(), export.bytes);
    while let Some(part) = parts.next().await {
        bytes.extend(part?);
    }
    let ended = last_export(county).await;
    assert_eq!(
        (ended.outcome.as_str(), ended.count),
        ("done", Some(export.planned as i64))
    );
    Ok(bytes)
}

async fn last_export(county: &County) -> audit::Model {
    let rows = audit::Entity::find()
        .filter(audit::Column::Action.eq("export_roster"))
        .order_by_desc(audit::Column::Id);
    rows.one(county.program.db.read()).await.unwrap().unwrap()
}
