//! A cadre's corrections and the history that tells of them.

use super::*;

tests::on_both!(a_cadre_corrects);

async fn a_cadre_corrects(database: Database) {
    let county = county(&database).await;
    let program = &county.program;
    let cadre = actor(Role::Cadre, &[], &county.villages[..1]);
    let id = county.people[0];
    let version = async || {
        let one = residents::one(program, &cadre, id).await.unwrap();
        one["version"].as_str().unwrap().to_owned()
    };
    let seen = version().await;
    let made = |fields: Json| ConsoleEdit {
        id: Uuid::now_v7(),
        base: seen.clone(),
        fields,
        confirm: Vec::new(),
    };
    let first = made(json!({
        "phone": { "was": "13900078411", "now": "13900078499" },
        "ethnicity": { "was": "汉", "now": "壮" },
    }));
    let told_of = async |who: &Actor, id, what: &ConsoleEdit| {
        let done = residents::edit(program, who, id, what).await;
        told(done, |d| {
            format!("{} {}", d.receipt["outcome"].as_str().unwrap(), d.repeat)
        })
    };
    assert_eq!(told_of(&cadre, id, &first).await, "merged false");
    assert_eq!(told_of(&cadre, id, &first).await, "merged true");
    let other = ConsoleEdit {
        fields: json!({ "phone": { "was": "13900078411", "now": null } }),
        ..first.clone()
    };
    assert_eq!(told_of(&cadre, id, &other).await, "id_reused");
    let stale = made(json!({ "ethnicity": { "was": "汉", "now": "瑶" } }));
    match residents::edit(program, &cadre, id, &stale).await {
        Err(Error::Conflict { code, present, .. }) => {
            assert_eq!(code, "changed_meanwhile");
            assert_eq!(present.unwrap(), json!({ "key": "ethnicity", "value": "壮" }));
        }
        _ => panic!("a stale fact was taken"),
    }
    let admin = actor(Role::BureauAdmin, &[], &[]);
    let bad = made(json!({ "phone": { "was": null, "now": "x" }, "sex": { "was": null, "now": "女" } }));
    let shapeless = made(json!({ "phone": "x" }));
    for (who, id, what, expected) in [
        (&cadre, county.people[2], &stale, "not found"),
        (&cadre, Uuid::now_v7(), &stale, "not found"),
        (&admin, id, &stale, "role_required"),
        (&cadre, id, &bad, "not_a_phone phone"),
        (&cadre, id, &shapeless, "malformed "),
    ] {
        assert_eq!(told_of(who, id, what).await, expected);
    }
    let now = residents::one(program, &cadre, id).await.unwrap();
    assert_eq!(now["fields"]["phone"], "13900078499");
    assert!(now["fields"].get("sex").is_none());
    let by_phone = Filter {
        phone: Some("13900078499".into()),
        ..Filter::default()
    };
    assert_eq!(names(program, &cadre, &by_phone).await, "梁少芳");
    let steps = residents::history(program, &cadre, id).await.unwrap();
    let last = steps.last().unwrap();
    assert_eq!(
        (last.edit, last.kind.as_str(), last.account),
        (first.id, "console", cadre.account)
    );
    let phone = last.changes.iter().find(|change| change.key == "phone").unwrap();
    assert_eq!(
        (&phone.from, &phone.to, &phone.sent),
        (&json!("13900078411"), &json!("13900078499"), &None)
    );
    let enrol = ConsoleEdit {
        base: version().await,
        ..made(json!({ "low_income.status": { "was": null, "now": "active" } }))
    };
    assert_eq!(told_of(&cadre, id, &enrol).await, "merged false");
    let filter = Filter {
        category: Some("low_income".into()),
        ..Filter::default()
    };
    assert_eq!(names(program, &cadre, &filter).await, "梁少芳 欧阳泉洪");
    tests::verify::agrees(&county.program).await;
}
